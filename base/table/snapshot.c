/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/table/snapshot.h"

/*
 * Snapshots: values, and references to the sets that name them. One collector thread fills a snapshot; once
 * published it is immutable. The runner recycles its memory, so that a steady state allocates nothing.
 */

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/reference.h"

struct snapshot *snapshot_new(void)
{
    struct snapshot *snapshot = calloc(1, sizeof(*snapshot));

    if (snapshot)
        snapshot->references = 1;
    return snapshot;
}

struct snapshot *snapshot_ref(struct snapshot *snapshot)
{
    reference_take(&snapshot->references);
    return snapshot;
}

struct snapshot *snapshot_unref(struct snapshot *snapshot)
{
    if (!snapshot || !reference_drop(&snapshot->references))
        return NULL;
    snapshot_clear(snapshot);
    for (size_t i = 0; i < SNAPSHOT_TABLES_MAX; i++) {
        free(snapshot->tables[i].cells);
        free(snapshot->tables[i].present);
    }
    free(snapshot);
    return NULL;
}

void attachment_unref(struct attachment *attachment)
{
    if (reference_drop(&attachment->references))
        attachment->free(attachment);
}

void snapshot_attach(struct snapshot *snapshot, struct attachment *attachment)
{
    assert(!snapshot->attachment);
    reference_take(&attachment->references);
    snapshot->attachment = attachment;
}

void snapshot_clear(struct snapshot *snapshot)
{
    if (snapshot->attachment)
        attachment_unref(snapshot->attachment);
    snapshot->attachment = NULL;
    snapshot->attach = false;
    for (size_t i = 0; i < snapshot->table_count; i++) {
        struct table *table = &snapshot->tables[i];

        table->columns = column_set_unref(table->columns);
        table->rows = row_set_unref(table->rows);
        table->created = created_unref(table->created);
    }
    snapshot->table_count = 0;
    snapshot->counted_since_ns = 0;
    snapshot->limited = snapshot->limit = 0;
}

/* Makes room for `count` words. Contents are undefined. */
static bool words_reserve(uint64_t **words, size_t *capacity, size_t count)
{
    uint64_t *grown;

    if (*words && *capacity >= count)
        return true;
    grown = reallocarray(NULL, count ? count : 1, sizeof(**words));
    if (!grown)
        return false;
    free(*words);
    *words = grown;
    *capacity = count;
    return true;
}

struct table *snapshot_add_table(struct snapshot *snapshot, struct column_set *columns, struct row_set *rows)
{
    struct table *table = &snapshot->tables[snapshot->table_count];

    assert(snapshot->table_count < SNAPSHOT_TABLES_MAX);
    assert(!rows->builder);
    table->present_words = (columns->count + 63) / 64;
    if (!words_reserve(&table->cells, &table->cells_capacity, rows->count * columns->width) ||
        !words_reserve(&table->present, &table->present_capacity, rows->count * table->present_words))
        return NULL;
    memset(table->present, 0, rows->count * table->present_words * sizeof(*table->present));
    table->columns = column_set_ref(columns);
    table->rows = row_set_ref(rows);
    snapshot->table_count++;
    return table;
}

void snapshot_limit(struct snapshot *snapshot, uint64_t rows, uint64_t limit)
{
    if (snapshot->limit && rows * snapshot->limit <= snapshot->limited * limit)
        return;
    snapshot->limited = rows;
    snapshot->limit = limit;
}

/* How many series the columns add to one per cell: histograms have more, internal columns have none. */
static uint64_t odd_series(const struct table *table)
{
    uint64_t series = 0;

    for (size_t i = 0; i < table->columns->count; i++) {
        const struct column *column = &table->columns->columns[i];
        size_t each = column->internal ? 0 : column_series(column);
        uint64_t value;

        for (size_t row = 0; each != 1 && row < table->rows->count; row++)
            if (table_get(table, row, i, &value))
                series += each - 1;
    }
    return series;
}

uint64_t snapshot_series(const struct snapshot *snapshot)
{
    uint64_t series = 0;

    for (size_t i = 0; i < snapshot->table_count; i++) {
        const struct table *table = &snapshot->tables[i];

        for (size_t word = 0; word < table->rows->count * table->present_words; word++)
            series += (uint64_t)__builtin_popcountll(table->present[word]);
        series += odd_series(table);
    }
    return series;
}
