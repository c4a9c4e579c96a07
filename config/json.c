/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/json.h"

/*
 * Parses strict JSON and keeps the line of each value. Main thread. The scanner records the place of each
 * value in the order of the document, and cJSON's tree keeps that order. So a walk of the tree assigns each
 * place its item. Then the places are sorted by item, to be looked up.
 */

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/json_scan.h"

/* A key of an object. */
struct key {
    const char *name;
    unsigned line;
};

static int compare_places(const void *a, const void *b)
{
    uintptr_t left = (uintptr_t)((const struct json_place *)a)->item;
    uintptr_t right = (uintptr_t)((const struct json_place *)b)->item;

    return (left > right) - (left < right);
}

/* Assigns places to the item and to all items in it. Returns the place behind them. Recurses no deeper than
 * JSON_DEPTH_MAX. */
static struct json_place *place_items(struct json_place *place, const cJSON *item)
{
    const cJSON *child;

    place++->item = item;
    cJSON_ArrayForEach(child, item) place = place_items(place, child);
    return place;
}

static void index_places(struct json *json)
{
    struct json_place *places = (struct json_place *)(void *)json->places.data;
    const struct json_place *end = place_items(places, json->root);

    assert(end == (const void *)(json->places.data + json->places.size));
    qsort(places, json->places.size / sizeof(*places), sizeof(*places), compare_places);
}

unsigned json_line(const struct json *json, const cJSON *item)
{
    const struct json_place wanted = {.item = item}, *place;

    place = bsearch(&wanted, json->places.data, json->places.size / sizeof(wanted), sizeof(wanted),
                    compare_places);
    assert(place);
    return place->line;
}

static int compare_keys(const void *a, const void *b)
{
    const struct key *left = a, *right = b;
    int difference = strcmp(left->name, right->name);

    return difference ? difference : (left->line > right->line) - (left->line < right->line);
}

static void check_object(const struct json *json, const cJSON *object, const char *path,
                         struct report *report)
{
    size_t count = (size_t)cJSON_GetArraySize(object), i = 0;
    _cleanup_(freep) struct key *keys = calloc(count ? count : 1, sizeof(*keys));
    char key[KEY_PATH_MAX];
    const cJSON *item;

    if (!keys) {
        report_error(report, json_line(json, object), path, "out of memory");
        return;
    }
    cJSON_ArrayForEach(item, object) keys[i++] = (struct key){item->string, json_line(json, item)};
    qsort(keys, count, sizeof(*keys), compare_keys);
    for (i = 1; i < count; i++) {
        if (strcmp(keys[i].name, keys[i - 1].name) != 0)
            continue;
        key_path(key, path, keys[i].name);
        report_error(report, keys[i].line, key, "given twice, first on line %u", keys[i - 1].line);
    }
}

/* Recurses no deeper than JSON_DEPTH_MAX. Items of a list have the path of the list. */
static void check_duplicates(const struct json *json, const cJSON *item, const char *path,
                             struct report *report)
{
    char below[KEY_PATH_MAX];
    const cJSON *child;

    cJSON_ArrayForEach(child, item)
    {
        if (child->string)
            key_path(below, path, child->string);
        check_duplicates(json, child, child->string ? below : path, report);
    }
    if (cJSON_IsObject(item))
        check_object(json, item, path, report);
}

struct json *json_free(struct json *json)
{
    if (!json)
        return NULL;
    cJSON_Delete(json->root);
    buffer_done(&json->places);
    free(json);
    return NULL;
}

struct json *json_parse(const char *data, size_t size, struct report *report)
{
    _cleanup_(json_freep) struct json *json = calloc(1, sizeof(*json));

    if (json && json_scan(data, size, &json->places, report) < 0)
        return NULL;
    if (json && !json->places.error)
        json->root = cJSON_ParseWithLengthOpts(data, size, NULL, false);
    if (!json || !json->root) {
        report_error(report, 0, "", "out of memory");
        return NULL;
    }
    index_places(json);
    check_duplicates(json, json->root, "", report);
    return take_ptr(json);
}
