/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/generate/template.h"

/* Fills in the @NAME@ parts of a template. Main thread of the generator. */

#include <errno.h>
#include <string.h>

#include "base/build_config.h"
#include "base/cleanup.h"
#include "daemon/generate/completion.h"
#include "daemon/generate/manual.h"

static void version(struct buffer *out)
{
    buffer_text(out, NETDROP_VERSION);
}

static void default_config(struct buffer *out)
{
    buffer_text(out, NETDROP_DEFAULT_CONFIG);
}

static void config_directory(struct buffer *out)
{
    const char *path = NETDROP_DEFAULT_CONFIG;

    buffer_append(out, path, (size_t)(strrchr(path, '/') - path));
}

static const struct part {
    const char *name;
    void (*write)(struct buffer *out);
} parts[] = {
    {"VERSION", version},
    {"DEFAULT_CONFIG", default_config},
    {"CONFIG_DIRECTORY", config_directory},
    {"MANUAL_FLAGS", manual_flags},
    {"MANUAL_COLLECTORS", manual_collectors},
    {"MANUAL_KEYS", manual_keys},
    {"COMPLETION_FLAGS", completion_flags},
    {"COMPLETION_FILE_FLAGS", completion_file_flags},
    {"COMPLETION_KEYS", completion_keys},
    {"COMPLETION_VALUES", completion_values},
};

static const struct part *find_part(const char *name, size_t size)
{
    for (size_t i = 0; i < ELEMENTS(parts); i++)
        if (strlen(parts[i].name) == size && memcmp(parts[i].name, name, size) == 0)
            return &parts[i];
    return NULL;
}

int template_fill(const char *text, size_t size, struct buffer *out)
{
    const char *end = text + size, *at;

    while ((at = memchr(text, '@', (size_t)(end - text)))) {
        const char *name = at + 1, *close = memchr(name, '@', (size_t)(end - name));
        const struct part *part = close ? find_part(name, (size_t)(close - name)) : NULL;

        if (!part)
            return -EINVAL;
        buffer_append(out, text, (size_t)(at - text));
        part->write(out);
        text = close + 1;
        /* A part of several lines stands on a line of its own, and already ends with a line feed. */
        if (out->size && out->data[out->size - 1] == '\n' && text < end && *text == '\n')
            text++;
    }
    buffer_append(out, text, (size_t)(end - text));
    return out->error;
}
