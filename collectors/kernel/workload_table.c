/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/kernel/workload_table.h"

/*
 * Numbers workloads, so that equal ones are stored once. The thread of the collector that embeds it.
 */

#include <errno.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/utf8.h"

/* Returns the first free number, or a new one. Returns HASH_NONE if the table is full. */
static size_t free_number(struct workload_table *table)
{
    if (table->count < table->max)
        return table->count;
    for (size_t i = 0; i < table->count && !table->full; i++)
        if (!table->items[i])
            return i;
    table->full = true;
    return HASH_NONE;
}

static int insert(struct workload_table *table, size_t number, const struct workload *workload)
{
    struct workload *copy;

    if (array_grow(table->items, number, table->capacity) < 0)
        return -ENOMEM;
    copy = malloc(sizeof(*copy));
    if (!copy || hash_index_add(&table->index, workload_hash(workload), number) < 0) {
        free(copy);
        return -ENOMEM;
    }
    *copy = *workload;
    table->items[number] = copy;
    if (number == table->count)
        table->count++;
    return 0;
}

/* Returns the number of a valid workload, or HASH_NONE if it has none yet. */
static size_t find(const struct workload_table *table, const struct workload *valid)
{
    return hash_index_find(&table->index, workload_hash(valid), item,
                           workload_equal(table->items[item], valid));
}

int workload_table_add(struct workload_table *table, const struct workload *workload, uint32_t *ret_number)
{
    struct workload valid = *workload;
    size_t number;
    int error;

    utf8_mend(valid.unit);
    number = find(table, &valid);
    if (number == HASH_NONE) {
        number = free_number(table);
        if (number == HASH_NONE)
            return -ENOSPC;
        error = insert(table, number, &valid);
        if (error < 0)
            return error;
    }
    *ret_number = (uint32_t)number;
    return 0;
}

int workload_table_put(struct workload_table *table, const struct workload *workload, uint32_t *ret_number)
{
    int error = workload_table_add(table, workload, ret_number);

    if (error != -ENOSPC)
        return error;
    limit_hit(table->limits, LIMIT_WORKLOADS);
    *ret_number = WORKLOAD_NOBODY;
    return 0;
}

int workload_table_init(struct workload_table *table, size_t max, struct limits *limits)
{
    static const struct workload nobody;
    uint32_t number;

    *table = (struct workload_table){.max = max, .limits = limits};
    return workload_table_put(table, &nobody, &number);
}

void workload_table_done(struct workload_table *table)
{
    for (size_t i = 0; i < table->count; i++)
        free(table->items[i]);
    free(table->items);
    hash_index_done(&table->index);
    *table = (struct workload_table){};
}

const struct workload *workload_table_get(const struct workload_table *table, uint32_t number)
{
    return table->items[number];
}

void workload_table_keep(struct workload_table *table, const bool *used)
{
    hash_index_clear(&table->index);
    for (size_t i = 0; i < table->count; i++) {
        if (i != WORKLOAD_NOBODY && !used[i]) {
            free(table->items[i]);
            table->items[i] = NULL;
        }
        if (table->items[i])
            (void)hash_index_add(&table->index, workload_hash(table->items[i]),
                                 i); /* cannot fail: room is reserved */
    }
    table->full = false;
}
