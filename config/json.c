/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/json.h"

/* See json.h. Main thread. The scanner writes down the line of each value in the order of the document; the
 * tree of cJSON keeps that order, so that walking it gives each item its line. */

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "config/json_scan.h"

/* Where a walk over the tree is. */
struct walk {
    const unsigned *lines; /* of the values, in the order of the document */
    struct report *report;
};

/* cJSON uses valueint for numbers only, and there it is but a clipped copy of valuedouble. */
static void record_line(struct walk *walk, cJSON *item)
{
    item->valueint = (int)*walk->lines++;
}

static int compare_keys(const void *a, const void *b)
{
    const cJSON *left = *(cJSON *const *)a, *right = *(cJSON *const *)b;
    int error = strcmp(left->string, right->string);

    return error ? error : (left->valueint > right->valueint) - (left->valueint < right->valueint);
}

static void check_duplicates(const struct walk *walk, const cJSON *object, const char *path)
{
    size_t count = (size_t)cJSON_GetArraySize(object), i = 0;
    _cleanup_(freep) const cJSON **items = calloc(count ? count : 1, sizeof(*items));
    char key[KEY_PATH_MAX];
    const cJSON *item;

    if (!items) {
        report_error(walk->report, json_line(object), path, "out of memory");
        return;
    }
    cJSON_ArrayForEach(item, object) items[i++] = item;
    qsort(items, count, sizeof(*items), compare_keys);
    for (i = 1; i < count; i++) {
        if (strcmp(items[i]->string, items[i - 1]->string) != 0)
            continue;
        key_path(key, path, items[i]->string);
        report_error(walk->report, json_line(items[i]), key, "given twice, first on line %u",
                     json_line(items[i - 1]));
    }
}

/* No deeper than JSON_DEPTH_MAX. Items of a list go by the path of the list. */
static void walk_tree(struct walk *walk, cJSON *item, const char *path)
{
    char below[KEY_PATH_MAX];
    cJSON *child;

    record_line(walk, item);
    cJSON_ArrayForEach(child, item)
    {
        if (child->string)
            key_path(below, path, child->string);
        walk_tree(walk, child, child->string ? below : path);
    }
    if (cJSON_IsObject(item))
        check_duplicates(walk, item, path);
}

cJSON *json_parse(const char *data, size_t size, struct report *report)
{
    _cleanup_(buffer_done) struct buffer lines = {};
    _cleanup_(cJSON_Deletep) cJSON *root = NULL;
    struct walk walk = {.report = report};

    if (json_scan(data, size, &lines, report) < 0)
        return NULL;
    root = lines.error ? NULL : cJSON_ParseWithLengthOpts(data, size, NULL, false);
    if (!root) {
        report_error(report, 0, "", "out of memory");
        return NULL;
    }
    walk.lines = (const unsigned *)(const void *)lines.data;
    walk_tree(&walk, root, "");
    assert(walk.lines == (const void *)(lines.data + lines.size));
    return take_ptr(root);
}
