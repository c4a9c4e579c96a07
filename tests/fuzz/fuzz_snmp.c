/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Three counter files, divided by 0xff bytes, from arbitrary bytes to the page. Whatever they hold: the page
 * has no name twice, no name that Prometheus would refuse, and values that stand in the files. Then the first
 * file again with its values changed: the layout still matches, and must not be outrun.
 */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/snmp/snmp_layout.h"
#include "tests/fuzz/fuzz.h"

static char *everything[] = {(char *)(uintptr_t) "*"};
static const struct snmp_selection select_all = {.include = {.items = everything, .count = 1}};

static void check(bool good)
{
    if (!good)
        abort();
}

static void check_name(const struct column *column)
{
    const char *name = column->name;
    size_t size = column->name_size;

    check(size > 8 && !memcmp(name, "netdrop_", 8));
    for (size_t i = 0; i < size; i++)
        check((name[i] >= 'a' && name[i] <= 'z') || (name[i] >= '0' && name[i] <= '9') || name[i] == '_');
    check((column->type == METRIC_COUNTER) == (size > 6 && !memcmp(name + size - 6, "_total", 6)));
}

static void check_snapshot(const struct snapshot *draft)
{
    for (size_t i = 0; i < draft->table_count; i++)
        for (size_t j = 0; j < draft->tables[i].columns->count; j++) {
            const struct column *column = &draft->tables[i].columns->columns[j];

            check_name(column);
            for (size_t k = 0; k < draft->table_count; k++)
                check(table_find_column(&draft->tables[k], column->name) == (k == i ? (int)j : -1));
        }
}

static void fill(struct snmp_layout *layout, const struct snmp_text texts[SNMP_FILE_COUNT])
{
    struct limits limits = {};
    struct snapshot *draft = snapshot_new();

    if (draft && snmp_layout_fill(layout, texts, &limits, draft, NULL) == 0)
        check_snapshot(draft);
    snapshot_unref(draft);
}

/* Other digits, and now and then no digit, in the same places. */
static void change_values(char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (isdigit((unsigned char)text[i]))
            text[i] = "9876543210x-"[(size_t)(text[i] - '0' + (int)i) % 12];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct snmp_text texts[SNMP_FILE_COUNT];
    struct snmp_layout *layout;
    struct limits limits = {};
    char *copy = malloc(size + 1);
    char *at = copy;

    if (!copy || size > 8192) {
        free(copy);
        return 0;
    }
    memcpy(copy, data, size);
    for (size_t i = 0; i < SNMP_FILE_COUNT; i++) {
        size_t left = (size_t)(copy + size - at);
        char *end = i + 1 < SNMP_FILE_COUNT ? memchr(at, 0xff, left) : NULL;

        texts[i] = (struct snmp_text){at, end ? (size_t)(end - at) : left};
        at += texts[i].size + (end != NULL);
    }
    if (snmp_layout_new(texts, &select_all, &limits, &layout) == 0) {
        check(snmp_layout_matches(layout, texts));
        fill(layout, texts);
        change_values(copy, texts[0].size);
        if (snmp_layout_matches(layout, texts))
            fill(layout, texts);
        snmp_layout_free(layout);
    }
    free(copy);
    return 0;
}
