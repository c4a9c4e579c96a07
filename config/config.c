/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/config.h"

/* Applies keys and values to settings through option tables, and reports all that is wrong. Main thread. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/suggest.h"

enum { HINT_MAX = 400 }; /* bytes: a line of a report has room for it */

/* Returns what follows "prefix." in `path`, or NULL if `path` is not below `prefix`. Everything is below
 * "". */
static const char *path_below(const char *path, const char *prefix)
{
    size_t size = strlen(prefix);

    if (size == 0)
        return path;
    return strncmp(path, prefix, size) == 0 && path[size] == '.' ? path + size + 1 : NULL;
}

/* A key, and where its value goes. */
struct place {
    const struct option *option;
    void *settings;
    struct config_origin *origin; /* may be NULL */
};

static bool find_place(const struct config *config, const char *path, struct place *ret_place)
{
    for (size_t i = 0; i < config->count; i++) {
        const struct config_binding *binding = &config->bindings[i];
        const char *key = path_below(path, binding->section);

        for (size_t j = 0; key && j < binding->table->count; j++)
            if (strcmp(binding->table->options[j].key, key) == 0) {
                *ret_place = (struct place){
                    .option = &binding->table->options[j],
                    .settings = binding->settings,
                    .origin = binding->origins ? &binding->origins[j] : NULL,
                };
                return true;
            }
    }
    return false;
}

/* Returns true if a key is below `path`. */
static bool is_section(const struct config *config, const char *path)
{
    for (size_t i = 0; i < config->count; i++) {
        const struct config_binding *binding = &config->bindings[i];
        const char *key = path_below(path, binding->section);

        if (strcmp(binding->section, path) == 0 || path_below(binding->section, path))
            return true;
        for (size_t j = 0; key && *key && j < binding->table->count; j++)
            if (path_below(binding->table->options[j].key, key))
                return true;
    }
    return false;
}

/* Considers each key as the one that `word` in section `parent` may have meant: first keys near it, then the
 * same word in other sections. */
static void suggest_key(const struct config *config, const char *parent, struct suggestion *near,
                        char elsewhere[KEY_PATH_MAX])
{
    for (size_t i = 0; i < config->count; i++) {
        const struct config_binding *binding = &config->bindings[i];

        for (size_t j = 0; j < binding->table->count; j++) {
            char full[KEY_PATH_MAX];
            const char *below, *last;

            key_path(full, binding->section, binding->table->options[j].key);
            last = strrchr(full, '.');
            if (last && strcmp(last + 1, near->word) == 0)
                (void)snprintf(elsewhere, KEY_PATH_MAX, "%s", full);
            below = path_below(full, parent);
            if (below) {
                full[(size_t)(below - full) + strcspn(below, ".")] = '\0';
                suggest_try(near, below);
            }
        }
    }
}

/* Writes ", there are NAME, NAME": the names of the section, as many as fit. */
static void list_names(const struct config *config, const char *parent, char hint[HINT_MAX])
{
    char last[KEY_PATH_MAX] = "";
    size_t size = 0;

    for (size_t i = 0; i < config->count; i++) {
        const struct config_binding *binding = &config->bindings[i];

        for (size_t j = 0; j < binding->table->count && size < HINT_MAX; j++) {
            char full[KEY_PATH_MAX];
            const char *below;

            key_path(full, binding->section, binding->table->options[j].key);
            below = path_below(full, parent);
            if (!below)
                continue;
            full[(size_t)(below - full) + strcspn(below, ".")] = '\0';
            if (strcmp(below, last) == 0)
                continue;
            (void)snprintf(last, sizeof(last), "%s", below);
            size +=
                (size_t)snprintf(hint + size, HINT_MAX - size, "%s%s", size ? ", " : ", there are ", below);
        }
    }
}

/* Reports that `word` is not a key of the section `parent`. */
static void unknown_key(struct config *config, unsigned line, const char *parent, const char *word)
{
    struct suggestion near = {.word = word};
    char elsewhere[KEY_PATH_MAX] = "", path[KEY_PATH_MAX], hint[HINT_MAX] = "";

    config->unknown_keys++;
    key_path(path, parent, word);
    if (config->report->errors < REPORT_LINES_MAX && config->report->warnings < REPORT_LINES_MAX)
        suggest_key(config, parent, &near, elsewhere);
    if (*near.best || *elsewhere)
        (void)snprintf(hint, sizeof(hint), ", did you mean \"%s\"?", *near.best ? near.best : elsewhere);
    else if (!config->warn_unknown && config->report->errors < REPORT_LINES_MAX)
        list_names(config, parent, hint);
    if (config->warn_unknown)
        report_warning(config->report, line, path, "unknown key, passed over%s", hint);
    else
        report_error(config->report, line, path, "unknown key%s", hint);
}

static const char *type_name(const cJSON *value)
{
    if (cJSON_IsBool(value))
        return "true or false";
    if (cJSON_IsNumber(value))
        return "a number";
    if (cJSON_IsString(value))
        return "a string";
    if (cJSON_IsArray(value))
        return "a list";
    return cJSON_IsObject(value) ? "an object" : "null";
}

static int set_json_list(const struct option *option, void *settings, const cJSON *value, struct fault *fault)
{
    size_t count = (size_t)cJSON_GetArraySize(value), i = 0;
    _cleanup_(freep) const char **items = calloc(count ? count : 1, sizeof(*items));
    const cJSON *item;

    if (!items)
        return fault_set(fault, -ENOMEM, "out of memory");
    cJSON_ArrayForEach(item, value)
    {
        if (!cJSON_IsString(item))
            return fault_set(fault, -EINVAL, "item %zu: expected a string, found %s", i + 1, type_name(item));
        items[i++] = item->valuestring;
    }
    return option_set_list(option, settings, items, count, fault);
}

static int set_text(const struct option *option, void *settings, const char *text, struct fault *fault)
{
    struct fault inner = {};
    int error = option_set_text(option, settings, text, &inner);

    if (error < 0 && option->type != OPTION_LIST)
        return fault_set(fault, error, "\"%.80s\": %s", text, inner.text);
    return error < 0 ? fault_set(fault, error, "%s", inner.text) : 0;
}

/* Sets the option to the value if the value has the option's type. */
static int set_json(const struct option *option, void *settings, const cJSON *value, struct fault *fault)
{
    char number[32];

    switch (option->type) {
    case OPTION_BOOL:
        return set_text(option, settings, cJSON_IsTrue(value) ? "true" : "false", fault);
    case OPTION_UINT:
        (void)snprintf(number, sizeof(number), "%.0f", value->valuedouble); /* exact: JSON_NUMBER_MAX */
        return set_text(option, settings, number, fault);
    case OPTION_LIST:
        return set_json_list(option, settings, value, fault);
    default:
        return set_text(option, settings, value->valuestring, fault);
    }
}

/* Called after a value was set: records its origin, and warns of allowed values that were probably not
 * meant. */
static void accepted(struct config *config, unsigned line, const char *path, const struct place *place)
{
    const char *item, *why;
    size_t index = 0;

    if (place->origin)
        *place->origin = (struct config_origin){.source = config->report->source, .line = line};
    while ((why = option_doubt(place->option, place->settings, &index, &item)))
        report_warning(config->report, line, path, "\"%.80s\": %s", item, why);
}

static void apply_value(struct config *config, const struct place *place, const cJSON *value,
                        const char *path)
{
    static const struct {
        int type;
        const char *name;
    } expected[] = {
        [OPTION_BOOL] = {cJSON_True | cJSON_False, "true or false"},
        [OPTION_UINT] = {cJSON_Number, "a whole number"},
        [OPTION_DURATION] = {cJSON_String, "a string like \"10s\""},
        [OPTION_STRING] = {cJSON_String, "a string"},
        [OPTION_LIST] = {cJSON_Array, "a list of strings"},
        [OPTION_CHOICE] = {cJSON_String, "a string"},
    };
    enum option_type type = place->option->type;
    unsigned line = json_line(config->json, value);
    struct fault fault;

    if (!(value->type & expected[type].type))
        report_error(config->report, line, path, "expected %s, found %s", expected[type].name,
                     type_name(value));
    else if (set_json(place->option, place->settings, value, &fault) < 0)
        report_error(config->report, line, path, "%s", fault.text);
    else
        accepted(config, line, path, place);
}

/* Recurses no deeper than JSON_DEPTH_MAX, and no deeper than our keys. */
static void apply_object(struct config *config, const cJSON *object, const char *path)
{
    const cJSON *child;

    if (!cJSON_IsObject(object)) {
        report_error(config->report, json_line(config->json, object), path, "expected an object, found %s",
                     type_name(object));
        return;
    }
    cJSON_ArrayForEach(child, object)
    {
        char below[KEY_PATH_MAX];
        struct place place;

        key_path(below, path, child->string);
        if (!*child->string || strchr(child->string, '.')) /* "web.page" is not "page" in "web" */
            unknown_key(config, json_line(config->json, child), path, child->string);
        else if (find_place(config, below, &place))
            apply_value(config, &place, child, below);
        else if (is_section(config, below))
            apply_object(config, child, below);
        else
            unknown_key(config, json_line(config->json, child), path, child->string);
    }
}

void config_apply(struct config *config, const struct json *json)
{
    config->json = json;
    apply_object(config, json->root, "");
    config->json = NULL;
}

/* Reports the first step of the path that does not exist. */
static void unknown_path(struct config *config, const char *path)
{
    char parent[KEY_PATH_MAX] = "", next[KEY_PATH_MAX], word[KEY_PATH_MAX];
    const char *step = path;

    for (;;) {
        (void)snprintf(word, sizeof(word), "%.*s", (int)strcspn(step, "."), step);
        key_path(next, parent, word);
        if (!step[strlen(word)] || !is_section(config, next))
            break;
        step += strlen(word) + 1;
        memcpy(parent, next, sizeof(parent));
    }
    unknown_key(config, 0, parent, word);
}

void config_set(struct config *config, const char *assignment)
{
    const char *value = strchr(assignment, '=');
    char path[KEY_PATH_MAX];
    struct place place;
    struct fault fault;

    if (!value) {
        report_error(config->report, 0, assignment, "expected KEY=VALUE");
        return;
    }
    (void)snprintf(path, sizeof(path), "%.*s", (int)(value - assignment), assignment);
    if (!find_place(config, path, &place)) {
        if (is_section(config, path))
            report_error(config->report, 0, path, "this is a section, not a key");
        else
            unknown_path(config, path);
    } else if (set_text(place.option, place.settings, value + 1, &fault) < 0) {
        report_error(config->report, 0, path, "%s", fault.text);
    } else {
        accepted(config, 0, path, &place);
    }
}

void config_origin(struct config *config, const char *path, const char *source)
{
    struct place place;

    if (find_place(config, path, &place) && place.origin)
        *place.origin = (struct config_origin){.source = source};
}

unsigned config_blame(struct config *config, const char *path)
{
    struct place place;

    if (!find_place(config, path, &place) || !place.origin || !place.origin->source)
        return 0;
    config->report->source = place.origin->source;
    return place.origin->line;
}

/* Returns true if the option needs no other, or the option that it needs has been set. */
static bool has_needs(const struct config *config, const struct option *option, const void *settings)
{
    struct place needed;

    return !option->needs || option_is_default(option, settings) ||
           (find_place(config, option->needs, &needed) && !option_is_default(needed.option, needed.settings));
}

void config_check_needs(struct config *config)
{
    for (size_t i = 0; i < config->count; i++) {
        const struct config_binding *binding = &config->bindings[i];

        for (size_t j = 0; j < binding->table->count; j++) {
            const struct option *option = &binding->table->options[j];
            char path[KEY_PATH_MAX];
            unsigned line;

            if (has_needs(config, option, binding->settings))
                continue;
            key_path(path, binding->section, option->key);
            line = config_blame(config, path);
            report_error(config->report, line, path, "needs %s, which is not set", option->needs);
        }
    }
}
