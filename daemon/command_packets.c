/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/command_packets.h"

/*
 * Runs netdrop-terminal in place of this program for --watch and --capture. Main thread. terminal/arguments.h
 * describes its arguments.
 */

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/build_config.h"
#include "base/cleanup.h"
#include "daemon/http/local_socket.h"
#include "daemon/systemd/log.h"

#define TERMINAL "netdrop-terminal"

/* Adds "NAME=VALUE" to the words of the command. */
static int add_text(struct string_list *words, const char *name, const char *value)
{
    _cleanup_(buffer_done) struct buffer word = {};

    buffer_printf(&word, "%s=%s", name, value);
    buffer_append(&word, "", 1);
    return word.error ? word.error : string_list_add(words, word.data);
}

static int add_number(struct string_list *words, const char *name, uint64_t number)
{
    char text[UINT64_TEXT_MAX + 1];

    if (number == UINT64_MAX)
        return 0;
    *format_uint64(text, number) = '\0';
    return add_text(words, name, text);
}

/* Adds the flags that make a private exporter see the same. */
static int add_flags(struct string_list *words, const struct settings_source *source)
{
    int error = source->config_file ? add_text(words, "--config.file", source->config_file) : 0;

    if (!error && source->unknown_keys == UNKNOWN_KEYS_WARN)
        error = string_list_add(words, "--config.unknown-keys=warn");
    if (!error)
        error = add_text(words, "--path.procfs", source->procfs);
    for (size_t i = 0; i < source->sets.count && !error; i++)
        error = add_text(words, "--set", source->sets.items[i]);
    return error;
}

static int add_all(struct string_list *words, const struct cli *cli, const struct settings *settings,
                   const char *exporter)
{
    const struct cli_packets *packets = &cli->packets;
    int error = add_text(words, "--exporter", exporter);

    if (!error)
        error = add_text(words, "--socket", local_socket_path(settings->web.local_socket));
    if (!error && packets->capture)
        error = add_text(words, "--capture", packets->capture);
    if (!error && packets->plain)
        error = string_list_add(words, "--plain");
    if (!error)
        error = add_number(words, "--for", packets->for_ns);
    if (!error)
        error = add_number(words, "--count", packets->count);
    if (!error)
        error = string_list_add(words, packets->filter.size ? packets->filter.data : "");
    return error ? error : add_flags(words, &cli->source);
}

/* Finds netdrop-terminal: beside this program in a build directory, else where both are installed. */
static void find_terminal(const char *exporter, char path[PATH_MAX])
{
    (void)snprintf(path, PATH_MAX, "%.*s/" TERMINAL, (int)(strrchr(exporter, '/') - exporter), exporter);
    if (access(path, X_OK) < 0)
        (void)snprintf(path, PATH_MAX, NETDROP_LIBEXEC "/" TERMINAL);
}

int command_packets(const struct cli *cli, const struct settings *settings)
{
    _cleanup_(string_list_done) struct string_list words = {};
    _cleanup_(freep) char **arguments = NULL;
    char exporter[PATH_MAX] = "", terminal[PATH_MAX];
    int error = string_list_add(&words, TERMINAL);

    if (readlink("/proc/self/exe", exporter, sizeof(exporter) - 1) <= 0 || *exporter != '/') {
        log_error("/proc/self/exe: %s", error_text(-errno));
        return EXIT_FAILURE;
    }
    if (!error)
        error = add_all(&words, cli, settings, exporter);
    if (!error)
        arguments = calloc(words.count + 1, sizeof(*arguments));
    if (!arguments) {
        log_error("out of memory");
        return EXIT_FAILURE;
    }
    memcpy(arguments, words.items, words.count * sizeof(*arguments));
    find_terminal(exporter, terminal);
    (void)execv(terminal, arguments);
    log_error("cannot run %s: %s%s", terminal, error_text(-errno),
              errno == ENOENT ? " (built without libpcap or ncurses?)" : "");
    return EXIT_FAILURE;
}
