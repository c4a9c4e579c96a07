/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks the option tables for the documents. Main thread of the generator. */
#include "daemon/generate/keys.h"

#include <string.h>

#include "base/cleanup.h"
#include "collectors/collector.h"
#include "config/config.h"
#include "daemon/settings/settings.h"

const char *key_type_name(enum option_type type)
{
    static const char *const names[] = {
        [OPTION_BOOL] = "boolean",  [OPTION_UINT] = "number", [OPTION_DURATION] = "duration",
        [OPTION_STRING] = "string", [OPTION_LIST] = "list",   [OPTION_CHOICE] = "string",
    };

    return names[type];
}

/* Adds a default as in a sentence: each item of a list is a word. */
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

/* Adds "1s; 5s for ethtool; 5s for process": the first collector's default, then those of collectors that
 * differ. */
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

/* Lists the collectors that have a filter of devices. */
static void add_filter_owners(struct buffer *out)
{
    const char *separator = "only of ";

    for (size_t i = 0; i < collector_count; i++)
        if (collectors[i]->filters_devices) {
            buffer_printf(out, "%s%s", separator, collectors[i]->name);
            separator = ", ";
        }
}

/* Writes the key, with the default and the owners if the buffers have any. Ends both buffers. */
static void write_key(struct buffer *out, const struct key_writer *writer, const char *section,
                      const struct option *option, struct buffer texts[2])
{
    char key[KEY_PATH_MAX];

    key_path(key, section, option->key);
    for (unsigned i = 0; i < 2; i++) {
        if (texts[i].size)
            buffer_append(&texts[i], "", 1);
        if (texts[i].error)
            out->error = texts[i].error;
    }
    if (!out->error)
        writer->key(out, key, option, texts[0].data, texts[1].data);
    buffer_done(&texts[0]);
    buffer_done(&texts[1]);
}

static void write_section(struct buffer *out, const struct key_writer *writer, const char *section,
                          const struct option_table *table)
{
    if (table->count)
        writer->section(out, section);
    for (size_t i = 0; i < table->count; i++) {
        struct buffer texts[2] = {};

        add_default(&texts[0], &table->options[i]);
        write_key(out, writer, section, &table->options[i], texts);
    }
}

static void write_common_keys(struct buffer *out, const struct key_writer *writer)
{
    struct collector_options common;

    collector_options(collectors[0], &common);
    for (unsigned i = 0; i < COLLECTOR_OPTION_COUNT; i++) {
        struct buffer texts[2] = {};

        add_common_defaults(&texts[0], i);
        write_key(out, writer, "collectors.NAME", &common.options[i], texts);
    }
}

static void write_filter_keys(struct buffer *out, const struct key_writer *writer)
{
    for (size_t i = 0; i < device_filter_options.count; i++) {
        const struct option *option = &device_filter_options.options[i];
        struct buffer texts[2] = {};

        buffer_printf(&texts[0], "as devices.%s", option->key);
        add_filter_owners(&texts[1]);
        write_key(out, writer, "collectors.NAME.devices", option, texts);
    }
}

void keys_write(struct buffer *out, const struct key_writer *writer)
{
    size_t count = 0;
    _cleanup_(freep) struct config_binding *bindings = settings_bindings(NULL, &count);

    for (size_t i = 0; i < count && strncmp(bindings[i].section, "collectors.", 11) != 0; i++)
        write_section(out, writer, bindings[i].section, bindings[i].table);
    writer->section(out, "Keys that several collectors have");
    write_common_keys(out, writer);
    write_filter_keys(out, writer);
    for (size_t i = 0; i < collector_count; i++) {
        char section[KEY_PATH_MAX];

        key_path(section, "collectors", collectors[i]->name);
        write_section(out, writer, section, &collectors[i]->options);
    }
}
