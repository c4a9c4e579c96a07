/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/drops/drop_counts.h"

/*
 * Adds up equal events of packet mode before their names are looked up. The collector's thread. Events are
 * appended, and merged when the room is used up: sorting a few thousand items every few thousand events costs
 * less than looking each of them up.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/sort.h"

static int compare(const void *a, const void *b)
{
    const struct drop_packet *left = &((const struct drop_counted *)a)->packet;
    const struct drop_packet *right = &((const struct drop_counted *)b)->packet;

    if (left->location != right->location)
        return left->location < right->location ? -1 : 1;
    if (left->protocol != right->protocol)
        return left->protocol < right->protocol ? -1 : 1;
    return strcmp(left->reason, right->reason);
}

void drop_counts_merge(struct drop_counts *counts)
{
    size_t kept = 0;

    if (counts->merged == counts->count)
        return;
    sort_items(counts->items, counts->count, sizeof(*counts->items), compare);
    for (size_t i = 1; i < counts->count; i++) {
        if (compare(&counts->items[i], &counts->items[kept]) == 0)
            counts->items[kept].count += counts->items[i].count;
        else
            counts->items[++kept] = counts->items[i];
    }
    counts->merged = counts->count = kept + 1;
}

static int counts_grow(struct drop_counts *counts)
{
    size_t capacity = counts->capacity ? 2 * counts->capacity : 512;

    if (counts->count < counts->capacity)
        return 0;
    drop_counts_merge(counts);
    if (counts->count < counts->capacity / 2)
        return 0;
    if (capacity > DROP_COUNTS_MAX)
        return counts->count < counts->capacity ? 0 : -ENOSPC;
    return array_resize(counts->items, counts->capacity, capacity);
}

int drop_counts_add(struct drop_counts *counts, const struct drop_packet *packet, uint64_t count)
{
    int error;

    /* A flood repeats the same event: compare with the last one first. */
    if (counts->count > counts->merged) {
        struct drop_counted *last = &counts->items[counts->count - 1];

        if (compare(&(struct drop_counted){.packet = *packet}, last) == 0) {
            last->count += count;
            return 0;
        }
    }
    error = counts_grow(counts);
    if (error < 0)
        return error;
    counts->items[counts->count++] = (struct drop_counted){.packet = *packet, .count = count};
    return 0;
}

void drop_counts_clear(struct drop_counts *counts)
{
    counts->count = counts->merged = 0;
}

void drop_counts_done(struct drop_counts *counts)
{
    free(counts->items);
    *counts = (struct drop_counts){};
}
