/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/cli/cli.h"

/* Writes the text of --help: the flags, the collectors, and every key of the configuration with its values.
 * Main thread. */

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "collectors/collector.h"
#include "daemon/cli/cli_flags.h"

enum { FLAG_COLUMN = 36, KEY_COLUMN = 44, WIDTH = 110 };

/* Writes text from a column on. Breaks long lines after blanks and commas. */
static void help_text(struct buffer *out, int column, const char *text)
{
    int room = WIDTH - column;

    while (*text) {
        size_t size = strcspn(text, " ,") + 1;

        if (size > strlen(text))
            size = strlen(text);
        if ((int)size > room) {
            if (out->size && out->data[out->size - 1] == ' ')
                out->size--;
            buffer_printf(out, "\n%*s", column, "");
            room = WIDTH - column;
        }
        buffer_append(out, text, size);
        room -= (int)size;
        text += size;
    }
    buffer_text(out, "\n");
}

/* Writes "  left     right", on two lines if the left side is too long. */
static void help_line(struct buffer *out, int column, const char *left, const char *right)
{
    int size = snprintf(NULL, 0, "  %s", left);

    buffer_printf(out, "  %s", left);
    if (size + 2 > column) {
        buffer_text(out, "\n");
        size = 0;
    }
    buffer_printf(out, "%*s", column - size, "");
    help_text(out, column, right);
}

static void help_flags(struct buffer *out)
{
    for (size_t i = 0; i < cli_flag_count; i++) {
        const struct flag *flag = &cli_flags[i];
        char left[128];
        const char *argument = flag->argument ? flag->argument : "";
        bool optional = *argument == '[';

        if (flag->group)
            buffer_printf(out, "\n%s:\n", flag->group);
        (void)snprintf(left, sizeof(left), "--%s%s%s", flag->name,
                       optional    ? "[="
                       : *argument ? "="
                                   : "",
                       argument + optional);
        help_line(out, FLAG_COLUMN, left, flag->help);
    }
}

static void help_option(struct buffer *out, const struct config_binding *binding, const struct option *option)
{
    _cleanup_(buffer_done) struct buffer right = {};
    char key[KEY_PATH_MAX], allowed[OPTION_TEXT_MAX];
    const char *text = *option->default_text ? option->default_text : "\"\"";

    key_path(key, binding->section, option->key);
    option_allowed(option, allowed);
    buffer_printf(&right, "%s (%s%s%s%s)", option->help, binding->inherits ? "as " : "",
                  binding->inherits ? binding->inherits : text, *allowed ? "; " : "", allowed);
    buffer_append(&right, "", 1);
    help_line(out, KEY_COLUMN, key, right.error ? "" : right.data);
}

void cli_help(struct buffer *out)
{
    size_t count = 0;
    _cleanup_(freep) struct config_binding *bindings = settings_bindings(NULL, &count);

    buffer_text(out, "Usage: netdrop-exporter [FLAG]...\n"
                     "       netdrop-exporter --watch | --capture=FILE [FLAG]... [FILTER]...\n"
                     "Prometheus exporter of where and why this host's network drops packets.\n");
    help_flags(out);
    buffer_text(out, "\nThe collectors:\n");
    for (size_t i = 0; i < collector_count; i++)
        help_line(out, FLAG_COLUMN, collectors[i]->name, collectors[i]->summary);
    buffer_text(out, "\nKeys of the configuration file and of --set, with defaults:\n");
    for (size_t i = 0; bindings && i < count; i++)
        for (size_t j = 0; j < bindings[i].table->count; j++)
            help_option(out, &bindings[i], &bindings[i].table->options[j]);
    buffer_text(out, "\nExit status: 0 success, 1 failure while running, 2 wrong flag or configuration.\n");
}
