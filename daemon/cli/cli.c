/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/cli/cli.h"

/* Parses the command line. Main thread. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "collectors/collector.h"
#include "config/report.h"
#include "config/suggest.h"
#include "daemon/cli/cli_flags.h"
#include "daemon/cli/cli_foreign.h"

#define LISTEN_KEY "web.listen="

struct parser {
    struct cli cli;
    struct buffer listen; /* LISTEN_KEY and the addresses so far; empty if no flag gave one */
    char **next;          /* in argv */
};

/* Finds the flag whose name is the first `size` bytes of the text. Returns NULL if there is none. */
static const struct flag *find_flag(const char *text, size_t size)
{
    for (size_t i = 0; i < cli_flag_count; i++)
        if (strlen(cli_flags[i].name) == size && strncmp(cli_flags[i].name, text, size) == 0)
            return &cli_flags[i];
    return NULL;
}

static int add_set(struct parser *parser, const char *assignment, struct fault *fault)
{
    return string_list_add(&parser->cli.source.sets, assignment) < 0
               ? fault_set(fault, -ENOMEM, "out of memory")
               : 0;
}

/* Applies --collector.NAME and --no-collector.NAME. Returns -ENOENT if the flag is neither. */
static int apply_collector(struct parser *parser, const char *text, struct fault *fault)
{
    bool enable = strncmp(text, "no-", 3) != 0;
    const char *rest = enable ? text : text + 3;
    char assignment[128];

    if (strncmp(rest, "collector.", 10) != 0)
        return -ENOENT;
    for (size_t i = 0; i < collector_count; i++)
        if (strcmp(collectors[i]->name, rest + 10) == 0) {
            (void)snprintf(assignment, sizeof(assignment), "collectors.%s.enabled=%s", rest + 10,
                           enable ? "true" : "false");
            return add_set(parser, assignment, fault);
        }
    return -ENOENT;
}

/* Returns the name of the collector in a flag, which follows "collector.", or NULL if the flag names none. */
static const char *collector_of(const char *flag)
{
    const char *name = strncmp(flag, "no-", 3) == 0 ? flag + 3 : flag;
    const struct flag *found = find_flag(flag, strlen(flag));

    if (found && found->type != FLAG_COLLECTOR)
        return NULL;
    return strncmp(name, "collector.", 10) == 0 ? name + 10 : NULL;
}

static int fail_no_collector(const char *argument, struct fault *fault)
{
    _cleanup_(buffer_done) struct buffer names = {};

    for (size_t i = 0; i < collector_count; i++)
        buffer_printf(&names, "%s%s", i ? ", " : "", collectors[i]->name);
    return fault_set(fault, -EINVAL, "unknown flag %.80s, the collectors are %.*s", argument, (int)names.size,
                     names.data);
}

static void suggest_flag(struct suggestion *near)
{
    char candidate[SUGGEST_WORD_MAX];

    for (size_t i = 0; i < cli_flag_count; i++)
        if (cli_flags[i].type != FLAG_COLLECTOR)
            suggest_try(near, cli_flags[i].name);
    for (size_t i = 0; i < 2 * collector_count; i++) {
        (void)snprintf(candidate, sizeof(candidate), "%scollector.%s", i % 2 ? "no-" : "",
                       collectors[i / 2]->name);
        suggest_try(near, candidate);
    }
}

static int fail_unknown(const char *argument, struct fault *fault)
{
    char word[SUGGEST_WORD_MAX];
    struct suggestion near = {.word = word};
    const char *name = argument + strspn(argument, "-"), *collector, *foreign;

    (void)snprintf(word, sizeof(word), "%.*s", (int)strcspn(name, "="), name);
    foreign = cli_foreign(word);
    if (foreign)
        return fault_set(fault, -EINVAL, "there is no --%s here: %s", word, foreign);
    suggest_flag(&near);
    collector = collector_of(near.best);
    /* Suggest both flags: the opposite may have been meant. */
    if (collector && strchr(name, '='))
        return fault_set(fault, -EINVAL,
                         "%s takes no value: --collector.%s runs it, --no-collector.%s does not", argument,
                         collector, collector);
    if (*near.best)
        return fault_set(fault, -EINVAL, "unknown flag %s, did you mean --%s?", argument, near.best);
    if (collector_of(word))
        return fail_no_collector(argument, fault);
    return fault_set(fault, -EINVAL, "unknown flag %s, see --help", argument);
}

static int apply_listen(struct parser *parser, const char *value)
{
    buffer_text(&parser->listen, parser->listen.size ? "," : LISTEN_KEY);
    buffer_text(&parser->listen, value);
    return parser->listen.error;
}

static int apply_option(struct parser *parser, const struct flag *flag, const char *value,
                        struct fault *fault)
{
    struct fault inner = {};
    int error = option_set_text(flag->option, &parser->cli, value, &inner);

    return error < 0 ? fault_set(fault, error, "--%s: \"%.80s\": %s", flag->name, value, inner.text) : 0;
}

static int apply_text(struct parser *parser, const struct flag *flag, const char *value, struct fault *fault)
{
    if (!*value)
        return fault_set(fault, -EINVAL, "--%s: the %s is empty", flag->name, flag->argument);
    *(const char **)((char *)&parser->cli + flag->offset) = value;
    return 0;
}

static int fail_two_commands(const struct flag *flag, struct fault *fault)
{
    _cleanup_(buffer_done) struct buffer names = {};

    for (size_t i = 0; i < cli_flag_count; i++)
        if (cli_flags[i].type == FLAG_COMMAND && cli_flags[i].command < COMMAND_VERSION)
            buffer_printf(&names, "%s--%s", names.size ? ", " : "", cli_flags[i].name);
    return fault_set(fault, -EINVAL, "--%s: only one of %.*s", flag->name, (int)names.size, names.data);
}

/* --help and --version take precedence over other commands. Of the others only one is allowed. */
static int apply_command(struct parser *parser, const struct flag *flag, const char *value,
                         struct fault *fault)
{
    enum command old = parser->cli.command;

    if (old >= COMMAND_VERSION)
        return 0;
    if (old != COMMAND_RUN && old != flag->command && flag->command < COMMAND_VERSION)
        return fail_two_commands(flag, fault);
    parser->cli.command = flag->command;
    if (!value)
        return 0;
    return flag->option ? apply_option(parser, flag, value, fault) : apply_text(parser, flag, value, fault);
}

static int apply_key(struct parser *parser, const struct flag *flag, const char *value, struct fault *fault)
{
    _cleanup_(buffer_done) struct buffer assignment = {};

    buffer_printf(&assignment, "%s=%s", flag->key, value);
    buffer_append(&assignment, "", 1);
    if (assignment.error)
        return fault_set(fault, -ENOMEM, "out of memory");
    return add_set(parser, assignment.data, fault);
}

static int apply_flag(struct parser *parser, const struct flag *flag, const char *value, struct fault *fault)
{
    switch (flag->type) {
    case FLAG_COMMAND:
        return apply_command(parser, flag, value, fault);
    case FLAG_TRUE:
        *(bool *)((char *)&parser->cli + flag->offset) = true;
        return 0;
    case FLAG_TEXT:
        return apply_text(parser, flag, value, fault);
    case FLAG_OPTION:
        return apply_option(parser, flag, value, fault);
    case FLAG_SET:
        return add_set(parser, value, fault);
    case FLAG_KEY:
        return apply_key(parser, flag, value, fault);
    case FLAG_LISTEN:
        return apply_listen(parser, value) < 0 ? fault_set(fault, -ENOMEM, "out of memory") : 0;
    case FLAG_COLLECTOR:
        break;
    }
    return -EINVAL;
}

static bool is_about_packets(const struct parser *parser)
{
    return parser->cli.command == COMMAND_WATCH || parser->cli.command == COMMAND_CAPTURE;
}

/* An argument that is not a flag is a word of the filter, if the command has one. */
static int apply_word(struct parser *parser, const char *word, struct fault *fault)
{
    struct buffer *filter = &parser->cli.packets.filter;

    if (!is_about_packets(parser))
        return fault_set(fault, -EINVAL, "unexpected argument \"%s\": there are only flags, see --help",
                         word);
    buffer_printf(filter, "%s%s", filter->size ? " " : "", word);
    return filter->error;
}

/* Parses one flag, and the argument after it if that is its value. */
static int parse_flag(struct parser *parser, struct fault *fault)
{
    const char *argument = strcmp(*parser->next, "-h") == 0 ? "--help" : *parser->next;
    const char *name = argument + 2, *value = NULL;
    const struct flag *flag;
    int error;

    parser->next++;
    if (*argument != '-')
        return apply_word(parser, argument, fault);
    if (strncmp(argument, "--", 2) != 0)
        return fail_unknown(argument, fault);
    flag = find_flag(name, strcspn(name, "="));
    if (!flag || flag->type == FLAG_COLLECTOR) {
        error = apply_collector(parser, name, fault);
        return error == -ENOENT ? fail_unknown(argument, fault) : error;
    }
    if (strchr(name, '='))
        value = strchr(name, '=') + 1;
    if (value && !flag->argument)
        return fault_set(fault, -EINVAL, "--%s takes no value", flag->name);
    if (!value && flag->argument && flag->argument[0] != '[') {
        /* A separate value never begins like a flag; after "=" it may. */
        if (!*parser->next || strncmp(*parser->next, "--", 2) == 0)
            return fault_set(fault, -EINVAL, "--%s wants a value: --%s=%s", flag->name, flag->name,
                             flag->argument);
        value = *parser->next++;
    }
    return apply_flag(parser, flag, value, fault);
}

/* --for and --count end a list of packets, so --watch then prints a list. */
static int end_packets(struct parser *parser, struct fault *fault)
{
    struct cli_packets *packets = &parser->cli.packets;
    bool bounded = packets->for_ns != UINT64_MAX || packets->count != UINT64_MAX;

    if (parser->cli.command >= COMMAND_VERSION)
        return 0;
    if (bounded && !is_about_packets(parser))
        return fault_set(fault, -EINVAL, "--for and --count are for --watch and --capture");
    if (packets->plain && parser->cli.command != COMMAND_WATCH)
        return fault_set(fault, -EINVAL, "--plain is for --watch");
    packets->plain = packets->plain || bounded;
    if (packets->filter.size)
        buffer_append(&packets->filter, "", 1);
    return packets->filter.error;
}

/* Checks what concerns all flags together. */
static int parse_end(struct parser *parser, struct fault *fault)
{
    const struct settings_source *source = &parser->cli.source;
    int error = end_packets(parser, fault);

    if (error < 0)
        return error;
    if (parser->listen.size) {
        buffer_append(&parser->listen, "", 1);
        error = parser->listen.error ? -ENOMEM : add_set(parser, parser->listen.data, fault);
        if (error < 0)
            return error;
    }
    for (size_t i = 0; source->systemd_socket && i < source->sets.count; i++)
        if (strncmp(source->sets.items[i], LISTEN_KEY, strlen(LISTEN_KEY)) == 0)
            return fault_set(fault, -EINVAL,
                             "--web.systemd-socket excludes --web.listen-address (and --set=web.listen)");
    return 0;
}

int cli_parse(int argc, char *argv[], struct cli *ret_cli, struct buffer *message)
{
    struct parser parser = {
        .cli = {.command = COMMAND_RUN,
                .once_ns = NS_PER_SECOND,
                .log_level = LOG_LEVEL_INFO,
                .packets = {.for_ns = UINT64_MAX, .count = UINT64_MAX},
                .source = {.procfs = "/proc"}},
        .next = argc ? argv + 1 : argv,
    };
    struct fault fault = {};
    int error = 0;

    while (error == 0 && *parser.next)
        error = parse_flag(&parser, &fault);
    if (error == 0)
        error = parse_end(&parser, &fault);
    buffer_done(&parser.listen);
    if (error < 0) {
        cli_done(&parser.cli);
        report_escape(message, fault.text);
        buffer_text(message, "\n");
        return error;
    }
    *ret_cli = parser.cli;
    return 0;
}

void cli_done(struct cli *cli)
{
    string_list_done(&cli->source.sets);
    buffer_done(&cli->packets.filter);
}
