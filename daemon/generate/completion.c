/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/generate/completion.h"

/*
 * Writes the words of the shell completion from the program's tables. Main thread of the generator. No word
 * of the tables needs quoting: names, keys, choices and numbers consist of letters, digits and "._-".
 */

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "collectors/collector.h"
#include "config/config.h"
#include "daemon/cli/cli_flags.h"
#include "daemon/settings/settings.h"

void completion_flags(struct buffer *out)
{
    for (size_t i = 0; i < cli_flag_count; i++) {
        const struct flag *flag = &cli_flags[i];

        if (flag->type == FLAG_COLLECTOR) {
            int prefix = (int)(strlen(flag->name) - strlen("NAME"));

            for (size_t j = 0; j < collector_count; j++)
                buffer_printf(out, "--%.*s%s\n", prefix, flag->name, collectors[j]->name);
            continue;
        }
        if (!flag->argument || *flag->argument == '[')
            buffer_printf(out, "--%s\n", flag->name);
        if (flag->argument)
            buffer_printf(out, "--%s=\n", flag->name);
    }
}

static bool takes_file(const struct flag *flag)
{
    return flag->type == FLAG_TEXT || (flag->type == FLAG_COMMAND && flag->argument && !flag->option);
}

void completion_file_flags(struct buffer *out)
{
    const char *separator = "";

    for (size_t i = 0; i < cli_flag_count; i++)
        if (takes_file(&cli_flags[i])) {
            buffer_printf(out, "%s--%s", separator, cli_flags[i].name);
            separator = " | ";
        }
}

/* Writes the choices. Without choices, writes the default if it is one plain word, as an example. */
static void value_words(struct buffer *out, const char *name, const struct option *option)
{
    const char *text = option->type == OPTION_BOOL ? "true false" : option->default_text;

    if (!option->choices && (!text || option->type == OPTION_LIST))
        return;
    buffer_printf(out, "        [%s]='", name);
    for (size_t i = 0; option->choices && option->choices[i]; i++)
        buffer_printf(out, "%s%s", i ? " " : "", option->choices[i]);
    buffer_printf(out, "%s'\n", option->choices ? "" : text);
}

/* Calls `visit` for each key of the configuration. */
static void each_key(struct buffer *out,
                     void (*visit)(struct buffer *out, const char *key, const struct option *option))
{
    size_t count = 0;
    _cleanup_(freep) struct config_binding *bindings = settings_bindings(NULL, &count);

    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < bindings[i].table->count; j++) {
            char key[KEY_PATH_MAX];

            key_path(key, bindings[i].section, bindings[i].table->options[j].key);
            visit(out, key, &bindings[i].table->options[j]);
        }
}

static void key_word(struct buffer *out, const char *key, const struct option *option)
{
    (void)option;
    buffer_printf(out, "%s=\n", key);
}

void completion_keys(struct buffer *out)
{
    each_key(out, key_word);
}

void completion_values(struct buffer *out)
{
    for (size_t i = 0; i < cli_flag_count; i++) {
        char name[64];

        (void)snprintf(name, sizeof(name), "--%s", cli_flags[i].name);
        if (cli_flags[i].option)
            value_words(out, name, cli_flags[i].option);
    }
    each_key(out, value_words);
}
