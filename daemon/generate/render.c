/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/generate/render.h"

/*
 * Writes the JSON schema of the configuration from the option tables. Main thread of the generator. Builds a
 * tree, which a printer writes. cJSON accepts NULL everywhere. So lack of memory shows only at the end, as a
 * tree that lacks something: then `failed` is set.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/json_print.h"

struct render {
    cJSON *root;
    bool failed;
};

static const char *const json_types[] = {
    [OPTION_BOOL] = "boolean",  [OPTION_UINT] = "integer", [OPTION_DURATION] = "string",
    [OPTION_STRING] = "string", [OPTION_LIST] = "array",   [OPTION_CHOICE] = "string",
};

/* Adds an item to the object, which then owns it. */
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
    add(render, object, "type", cJSON_CreateString("object"));
    add(render, object, "additionalProperties", cJSON_CreateFalse());
    add(render, object, "properties", cJSON_CreateObject());
}

/* Returns the object that holds the last part of the path, and makes the objects on the way. */
static cJSON *open_parent(struct render *render, const char *path)
{
    cJSON *object = render->root;

    for (;;) {
        size_t size = strcspn(path, ".");
        char name[KEY_PATH_MAX];
        cJSON *child;

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

/* Returns the default of an option, from the struct `defaults`. */
static cJSON *default_value(const struct option *option, const void *defaults)
{
    const struct string_list *list = (const void *)((const char *)defaults + option->offset);

    switch (option->type) {
    case OPTION_BOOL:
        return cJSON_CreateBool(strcmp(option->default_text, "true") == 0);
    case OPTION_UINT:
        return cJSON_CreateNumber(strtod(option->default_text, NULL));
    case OPTION_LIST:
        /* cJSON does not accept NULL for an empty list. */
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

/* Describes the option. If `defaults` is NULL, it has no default: another key applies. */
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

    defaults = options_new(binding->table);
    render->failed |= !defaults;
    for (size_t i = 0; defaults && i < binding->table->count; i++) {
        const struct option *option = &binding->table->options[i];
        const char *name = strrchr(option->key, '.') ? strrchr(option->key, '.') + 1 : option->key;

        key_path(path, binding->section, option->key);
        add(render, open_parent(render, path), name,
            describe_option(render, option, binding->inherits ? NULL : defaults));
    }
    options_free(binding->table, defaults);
}

int render_schema(const struct config_binding *bindings, size_t count, struct buffer *out)
{
    struct render render = {.root = cJSON_CreateObject()};

    add(&render, render.root, "$schema", cJSON_CreateString("https://json-schema.org/draft/2020-12/schema"));
    add(&render, render.root, "title", cJSON_CreateString("Configuration of netdrop-exporter"));
    describe_object(&render, render.root);
    for (size_t i = 0; i < count; i++)
        add_section(&render, &bindings[i]);
    json_print(render.root, out);
    cJSON_Delete(render.root);
    return render.failed || out->error ? -ENOMEM : 0;
}
