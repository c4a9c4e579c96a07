/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/generate/render.h"

/* See render.h. Each builds a tree, and one printer writes it. cJSON accepts NULL everywhere, so that memory
 * that is out shows at the end, as a tree that lacks something: `failed`. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_SIZE = 90 };

struct render {
    cJSON *root;
    bool schema;
    bool failed;
};

static const char *const json_types[] = {
    [OPTION_BOOL] = "boolean",  [OPTION_UINT] = "integer", [OPTION_DURATION] = "string",
    [OPTION_STRING] = "string", [OPTION_LIST] = "array",   [OPTION_CHOICE] = "string",
};

/* Adds an item, which is the object's from here on. */
static cJSON *add(struct render *render, cJSON *object, const char *key, cJSON *item)
{
    if (!item || !cJSON_AddItemToObject(object, key, item)) {
        render->failed = true;
        cJSON_Delete(item);
        return NULL;
    }
    return item;
}

static void describe_object(struct render *render, cJSON *object)
{
    if (!render->schema)
        return;
    add(render, object, "type", cJSON_CreateString("object"));
    add(render, object, "additionalProperties", cJSON_CreateFalse());
    add(render, object, "properties", cJSON_CreateObject());
}

/* The object that holds the last part of the path; makes those on the way. */
static cJSON *open_parent(struct render *render, const char *path)
{
    cJSON *object = render->root;

    for (;;) {
        size_t size = strcspn(path, ".");
        char name[KEY_PATH_MAX];
        cJSON *child;

        if (render->schema)
            object = cJSON_GetObjectItemCaseSensitive(object, "properties");
        if (!path[size])
            return object;
        (void)snprintf(name, sizeof(name), "%.*s", (int)size, path);
        child = cJSON_GetObjectItemCaseSensitive(object, name);
        if (!child) {
            child = add(render, object, name, cJSON_CreateObject());
            describe_object(render, child);
        }
        object = child;
        path += size + 1;
    }
}

/* The default of an option; `defaults` is a struct that holds it. */
static cJSON *default_value(const struct option *option, const void *defaults)
{
    const struct string_list *list = (const void *)((const char *)defaults + option->offset);

    switch (option->type) {
    case OPTION_BOOL:
        return cJSON_CreateBool(strcmp(option->default_text, "true") == 0);
    case OPTION_UINT:
        return cJSON_CreateNumber(strtod(option->default_text, NULL));
    case OPTION_LIST:
        /* cJSON takes no NULL for an empty one. */
        return list->count ? cJSON_CreateStringArray((const char *const *)list->items, (int)list->count)
                           : cJSON_CreateArray();
    default:
        return cJSON_CreateString(option->default_text);
    }
}

static void describe_limits(struct render *render, cJSON *object, const struct option *option)
{
    cJSON *items;
    int count = 0;

    switch (option->type) {
    case OPTION_UINT:
        add(render, object, "minimum", cJSON_CreateNumber((double)option->min));
        if (option->max)
            add(render, object, "maximum", cJSON_CreateNumber((double)option->max));
        break;
    case OPTION_DURATION:
        add(render, object, "pattern", cJSON_CreateString("^[0-9]+(ms|s|m|h)$"));
        break;
    case OPTION_LIST:
        items = add(render, object, "items", cJSON_CreateObject());
        add(render, items, "type", cJSON_CreateString("string"));
        add(render, items, "minLength", cJSON_CreateNumber(1));
        add(render, object, "minItems", cJSON_CreateNumber((double)option->min));
        add(render, object, "maxItems",
            cJSON_CreateNumber(option->max ? (double)option->max : OPTION_LIST_ITEMS_MAX));
        add(render, object, "uniqueItems", cJSON_CreateBool(option->unique));
        break;
    case OPTION_CHOICE:
        while (option->choices[count])
            count++;
        add(render, object, "enum", cJSON_CreateStringArray(option->choices, count));
        break;
    default:
        break;
    }
}

/* Where `defaults` is NULL, it has none: another key holds. */
static cJSON *describe_option(struct render *render, const struct option *option, const void *defaults)
{
    cJSON *object = cJSON_CreateObject();
    char allowed[OPTION_TEXT_MAX], text[512];

    option_allowed(option, allowed);
    (void)snprintf(text, sizeof(text), "%s%s%s", option->help, *allowed ? "; " : "", allowed);
    add(render, object, "description", cJSON_CreateString(text));
    add(render, object, "type", cJSON_CreateString(json_types[option->type]));
    describe_limits(render, object, option);
    if (defaults)
        add(render, object, "default", default_value(option, defaults));
    return object;
}

static void add_section(struct render *render, const struct config_binding *binding)
{
    void *defaults;
    char path[KEY_PATH_MAX];

    if (binding->inherits && !render->schema)
        return;
    defaults = options_new(binding->table);
    render->failed |= !defaults;
    for (size_t i = 0; defaults && i < binding->table->count; i++) {
        const struct option *option = &binding->table->options[i];
        const char *name = strrchr(option->key, '.') ? strrchr(option->key, '.') + 1 : option->key;

        key_path(path, binding->section, option->key);
        add(render, open_parent(render, path), name,
            render->schema ? describe_option(render, option, binding->inherits ? NULL : defaults)
                           : default_value(option, defaults));
    }
    options_free(binding->table, defaults);
}

static void new_line(struct buffer *out, unsigned depth)
{
    buffer_printf(out, "\n%*s", (int)depth * 4, "");
}

static void print_scalar(struct buffer *out, const cJSON *item)
{
    char *text = cJSON_PrintUnformatted(item);

    if (text)
        buffer_text(out, text);
    else
        out->error = -ENOMEM;
    cJSON_free(text);
}

/* As many items on a line as there is room for. */
static void print_list(struct buffer *out, const cJSON *list, unsigned depth)
{
    size_t line = out->size - depth * 4; /* about where it begins */
    const cJSON *item;

    buffer_text(out, "[");
    cJSON_ArrayForEach(item, list)
    {
        if (out->size - line > LINE_MAX_SIZE) {
            line = out->size;
            new_line(out, depth + 1);
        } else if (item->prev->next) {
            buffer_text(out, " ");
        }
        print_scalar(out, item);
        buffer_text(out, item->next ? "," : "");
    }
    buffer_text(out, "]");
}

static void print_object(struct buffer *out, const cJSON *object, unsigned depth)
{
    const cJSON *item;

    buffer_text(out, "{");
    cJSON_ArrayForEach(item, object)
    {
        new_line(out, depth + 1);
        buffer_printf(out, "\"%s\": ", item->string); /* keys are ours: nothing to escape */
        if (cJSON_IsObject(item))
            print_object(out, item, depth + 1);
        else if (cJSON_IsArray(item))
            print_list(out, item, depth + 1);
        else
            print_scalar(out, item);
        buffer_text(out, item->next ? "," : "");
    }
    new_line(out, depth);
    buffer_text(out, "}");
}

static int render_end(struct render *render, const struct config_binding *bindings, size_t count,
                      struct buffer *out)
{
    for (size_t i = 0; i < count; i++)
        add_section(render, &bindings[i]);
    print_object(out, render->root, 0);
    buffer_text(out, "\n");
    cJSON_Delete(render->root);
    return render->failed || out->error ? -ENOMEM : 0;
}

int render_default(const struct config_binding *bindings, size_t count, struct buffer *out)
{
    struct render render = {.root = cJSON_CreateObject()};

    return render_end(&render, bindings, count, out);
}

int render_schema(const struct config_binding *bindings, size_t count, struct buffer *out)
{
    struct render render = {.root = cJSON_CreateObject(), .schema = true};

    add(&render, render.root, "$schema", cJSON_CreateString("https://json-schema.org/draft/2020-12/schema"));
    add(&render, render.root, "title", cJSON_CreateString("Configuration of netdrop-exporter"));
    describe_object(&render, render.root);
    return render_end(&render, bindings, count, out);
}
