/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/config_print.h"

/*
 * Prints the configuration in use. Main thread. cJSON accepts NULL everywhere. So lack of memory shows only
 * at the end, as a tree that lacks something: then `failed` is set.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/json_print.h"

struct tree {
    cJSON *root;
    bool failed;
};

/* An option of a section, its value and where that comes from. */
struct line {
    const struct option *option;
    const void *settings;
    struct config_origin origin;
    const char *inherits; /* the section whose value it uses; NULL: its own */
};

static bool is_given(const struct config_binding *binding)
{
    for (size_t i = 0; binding->origins && i < binding->table->count; i++)
        if (binding->origins[i].source)
            return true;
    return false;
}

static struct line line_of(const struct config_binding *bindings, size_t count,
                           const struct config_binding *binding, size_t i)
{
    struct line line = {.option = &binding->table->options[i], .settings = binding->settings};

    if (binding->origins)
        line.origin = binding->origins[i];
    if (!binding->inherits || is_given(binding))
        return line;
    line.inherits = binding->inherits;
    for (size_t j = 0; j < count; j++)
        if (strcmp(bindings[j].section, binding->inherits) == 0 && bindings[j].table == binding->table)
            line.settings = bindings[j].settings;
    return line;
}

static void origin_text(const struct line *line, struct buffer *out)
{
    if (line->inherits)
        buffer_printf(out, "as %s.%s", line->inherits, line->option->key);
    else
        report_escape(out, line->origin.source ? line->origin.source : "default");
    if (line->origin.line)
        buffer_printf(out, ":%u", line->origin.line);
}

/* Calls `visit` for each key with its line. */
static void each_line(const struct config_binding *bindings, size_t count,
                      void (*visit)(void *data, const char *key, const struct line *line), void *data)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < bindings[i].table->count; j++) {
            const struct line line = line_of(bindings, count, &bindings[i], j);
            char key[KEY_PATH_MAX];

            key_path(key, bindings[i].section, line.option->key);
            visit(data, key, &line);
        }
}

struct columns {
    struct buffer *out;
    size_t key, origin; /* widths */
};

static void measure(void *data, const char *key, const struct line *line)
{
    _cleanup_(buffer_done) struct buffer origin = {};
    struct columns *columns = data;

    origin_text(line, &origin);
    if (columns->key < strlen(key))
        columns->key = strlen(key);
    if (columns->origin < origin.size)
        columns->origin = origin.size;
}

static void write_line(void *data, const char *key, const struct line *line)
{
    struct columns *columns = data;
    struct buffer *out = columns->out;
    size_t begin, value;

    buffer_printf(out, "%-*s  ", (int)columns->key, key);
    begin = out->size;
    origin_text(line, out);
    buffer_printf(out, "%*s  ", (int)(columns->origin - (out->size - begin)), "");
    value = out->size;
    option_text(line->option, line->settings, out);
    buffer_text(out, out->size == value ? "\"\"\n" : "\n");
}

void config_print_text(const struct config_binding *bindings, size_t count, struct buffer *out)
{
    struct columns columns = {.out = out, .key = strlen("KEY"), .origin = strlen("FROM")};

    each_line(bindings, count, measure, &columns);
    buffer_printf(out, "%-*s  %-*s  VALUE\n", (int)columns.key, "KEY", (int)columns.origin, "FROM");
    each_line(bindings, count, write_line, &columns);
}

/* Adds an item to the object, which then owns it. */
static cJSON *add(struct tree *tree, cJSON *object, const char *key, cJSON *item)
{
    if (!item || !cJSON_AddItemToObject(object, key, item)) {
        tree->failed = true;
        cJSON_Delete(item);
        return NULL;
    }
    return item;
}

static cJSON *value_json(const struct option *option, const void *settings)
{
    const void *field = (const char *)settings + option->offset;
    const struct string_list *list = field;
    _cleanup_(buffer_done) struct buffer text = {};

    switch (option->type) {
    case OPTION_BOOL:
        return cJSON_CreateBool(*(const bool *)field);
    case OPTION_UINT:
        return cJSON_CreateNumber((double)*(const uint64_t *)field);
    case OPTION_LIST:
        /* cJSON does not accept NULL for an empty list. */
        return list->count ? cJSON_CreateStringArray((const char *const *)list->items, (int)list->count)
                           : cJSON_CreateArray();
    default:
        option_text(option, settings, &text);
        buffer_append(&text, "", 1);
        return text.error ? NULL : cJSON_CreateString(text.data);
    }
}

/* Makes the objects on the path. */
static void add_value(void *data, const char *key, const struct line *line)
{
    struct tree *tree = data;
    cJSON *object = tree->root;

    if (line->inherits)
        return;
    for (size_t size; key[size = strcspn(key, ".")]; key += size + 1) {
        char name[KEY_PATH_MAX];
        cJSON *child;

        (void)snprintf(name, sizeof(name), "%.*s", (int)size, key);
        child = cJSON_GetObjectItemCaseSensitive(object, name);
        object = child ? child : add(tree, object, name, cJSON_CreateObject());
    }
    add(tree, object, key, value_json(line->option, line->settings));
}

int config_print_json(const struct config_binding *bindings, size_t count, struct buffer *out)
{
    struct tree tree = {.root = cJSON_CreateObject()};

    each_line(bindings, count, add_value, &tree);
    json_print(tree.root, out);
    cJSON_Delete(tree.root);
    return tree.failed || out->error ? -ENOMEM : 0;
}
