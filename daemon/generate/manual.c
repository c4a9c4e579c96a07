/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/generate/manual.h"

/* See manual.h. Main thread of the generator. */

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"
#include "collectors/collector.h"
#include "config/config.h"
#include "daemon/cli/cli_flags.h"
#include "daemon/settings/settings.h"

enum { LINE_WIDTH = 72 }; /* of the source, before escapes */

static const char *const type_names[] = {
    [OPTION_BOOL] = "boolean",  [OPTION_UINT] = "number", [OPTION_DURATION] = "duration",
    [OPTION_STRING] = "string", [OPTION_LIST] = "list",   [OPTION_CHOICE] = "string",
};

/* Text so that roff takes none of it for its own, and prints ASCII as ASCII. */
static void roff(struct buffer *out, const char *text, size_t size)
{
    static const char *const escapes[UINT8_MAX + 1] = {
        ['\\'] = "\\e", ['-'] = "\\-", ['\''] = "\\(aq", ['^'] = "\\(ha", ['~'] = "\\(ti", ['`'] = "\\(ga",
    };

    if (size && *text == '.')
        buffer_text(out, "\\&");
    for (size_t i = 0; i < size; i++) {
        const char *escape = escapes[(unsigned char)text[i]];

        if (escape)
            buffer_text(out, escape);
        else
            buffer_append(out, &text[i], 1);
    }
}

/* One sentence on lines of its own, from words: a capital at its beginning, a full stop at its end. */
static void roff_sentence(struct buffer *out, const char *text)
{
    size_t column = 0;

    for (const char *word = text; *word; word += strcspn(word, " "), word += strspn(word, " ")) {
        size_t size = strcspn(word, " ");
        char first = (char)(word == text ? toupper((unsigned char)*word) : *word);

        if (word != text)
            buffer_text(out, column + size > LINE_WIDTH ? "\n" : " ");
        column = (word != text && column + size > LINE_WIDTH ? 0 : column) + size + 1;
        roff(out, &first, 1);
        roff(out, word + 1, size - 1);
    }
    buffer_text(out, ".\n");
}

/* The same from a buffer, which it ends. */
static void roff_buffer(struct buffer *out, struct buffer *text)
{
    buffer_append(text, "", 1);
    if (text->error)
        out->error = text->error;
    else
        roff_sentence(out, text->data);
}

static void roff_bold(struct buffer *out, const char *text)
{
    buffer_text(out, "\\fB");
    roff(out, text, strlen(text));
    buffer_text(out, "\\fR");
}

static void roff_italic(struct buffer *out, const char *text, size_t size)
{
    buffer_text(out, "\\fI");
    roff(out, text, size);
    buffer_text(out, "\\fR");
}

static void flag_argument(struct buffer *out, const char *argument)
{
    bool optional = *argument == '[';

    buffer_text(out, optional ? "[=" : "=");
    roff_italic(out, argument + optional, strcspn(argument + optional, "]"));
    buffer_text(out, optional ? "]\n" : "\n");
}

void manual_flags(struct buffer *out)
{
    for (size_t i = 0; i < cli_flag_count; i++) {
        const struct flag *flag = &cli_flags[i];

        if (flag->group)
            buffer_printf(out, ".SS %s\n", flag->group);
        buffer_text(out, ".TP\n\\fB\\-\\-");
        roff(out, flag->name, strlen(flag->name));
        buffer_text(out, "\\fR");
        if (flag->argument)
            flag_argument(out, flag->argument);
        else
            buffer_text(out, "\n");
        roff_sentence(out, flag->help);
    }
}

void manual_collectors(struct buffer *out)
{
    for (size_t i = 0; i < collector_count; i++) {
        _cleanup_(buffer_done) struct buffer needs = {};

        buffer_text(out, ".TP\n");
        roff_bold(out, collectors[i]->name);
        buffer_text(out, "\n");
        roff_sentence(out, collectors[i]->summary);
        buffer_printf(&needs, "needs %s", collectors[i]->needs);
        roff_buffer(out, &needs);
    }
}

/* A default as a sentence has it: the items of a list are words of their own. */
static void add_default(struct buffer *out, const struct option *option)
{
    const char *text = option->default_text;

    if (!*text)
        buffer_text(out, option->type == OPTION_LIST ? "the empty list" : "empty");
    for (; *text; text++) {
        buffer_append(out, text, 1);
        if (*text == ',')
            buffer_text(out, " ");
    }
}

/* "1s; 5s for ethtool; 5s for process": that of the first collector, then who differs. */
static void add_common_defaults(struct buffer *out, enum collector_option which)
{
    struct collector_options usual, own;

    collector_options(collectors[0], &usual);
    add_default(out, &usual.options[which]);
    for (size_t i = 1; i < collector_count; i++) {
        collector_options(collectors[i], &own);
        if (strcmp(own.options[which].default_text, usual.options[which].default_text) == 0)
            continue;
        buffer_text(out, "; ");
        add_default(out, &own.options[which]);
        buffer_printf(out, " for %s", collectors[i]->name);
    }
}

/* Who has a filter of devices. */
static void filter_owners(struct buffer *out)
{
    _cleanup_(buffer_done) struct buffer text = {};
    const char *separator = "only of ";

    for (size_t i = 0; i < collector_count; i++)
        if (collectors[i]->filters_devices) {
            buffer_printf(&text, "%s%s", separator, collectors[i]->name);
            separator = ", ";
        }
    roff_buffer(out, &text);
}

/* A key, but for its default. */
static void key_begin(struct buffer *out, const char *section, const struct option *option)
{
    char key[KEY_PATH_MAX], allowed[OPTION_TEXT_MAX];

    key_path(key, section, option->key);
    option_allowed(option, allowed);
    buffer_text(out, ".TP\n");
    roff_bold(out, key);
    buffer_text(out, " (");
    roff_italic(out, type_names[option->type], strlen(type_names[option->type]));
    buffer_text(out, ")\n");
    roff_sentence(out, option->help);
    if (*allowed)
        roff_sentence(out, allowed);
}

static void manual_section(struct buffer *out, const char *section, const struct option_table *table)
{
    if (table->count)
        buffer_printf(out, ".SS %s\n", section);
    for (size_t i = 0; i < table->count; i++) {
        _cleanup_(buffer_done) struct buffer text = {};

        key_begin(out, section, &table->options[i]);
        buffer_text(&text, "default: ");
        add_default(&text, &table->options[i]);
        roff_buffer(out, &text);
        if (table->options[i].restart)
            roff_sentence(out, "takes effect at a restart, not at a reload");
    }
}

static void manual_common_keys(struct buffer *out)
{
    struct collector_options common;

    collector_options(collectors[0], &common);
    for (unsigned i = 0; i < COLLECTOR_OPTION_COUNT; i++) {
        _cleanup_(buffer_done) struct buffer text = {};

        key_begin(out, "collectors.NAME", &common.options[i]);
        buffer_text(&text, "default: ");
        add_common_defaults(&text, i);
        roff_buffer(out, &text);
    }
}

static void manual_filter_keys(struct buffer *out)
{
    for (size_t i = 0; i < device_filter_options.count; i++) {
        const struct option *option = &device_filter_options.options[i];
        _cleanup_(buffer_done) struct buffer text = {};

        key_begin(out, "collectors.NAME.devices", option);
        buffer_printf(&text, "default: as devices.%s", option->key);
        roff_buffer(out, &text);
        filter_owners(out);
    }
}

void manual_keys(struct buffer *out)
{
    size_t count = 0;
    _cleanup_(freep) struct config_binding *bindings = settings_bindings(NULL, &count);

    for (size_t i = 0; i < count && strncmp(bindings[i].section, "collectors.", 11) != 0; i++)
        manual_section(out, bindings[i].section, bindings[i].table);
    buffer_text(out, ".SS Keys that several collectors have\n");
    manual_common_keys(out);
    manual_filter_keys(out);
    for (size_t i = 0; i < collector_count; i++) {
        char section[KEY_PATH_MAX];

        key_path(section, "collectors", collectors[i]->name);
        manual_section(out, section, &collectors[i]->options);
    }
}
