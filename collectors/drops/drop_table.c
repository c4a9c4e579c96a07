/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/drops/drop_table.h"

/* See drop_table.h. Runs on the collector's thread. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

int drop_table_init(struct drop_table *ret_table, size_t max, struct limits *limits)
{
    struct drop_table table = {.max = max, .generation = 1, .limits = limits};
    int error = hash_index_reserve(&table.index, max);

    if (error < 0)
        return error;
    *ret_table = table;
    return 0;
}

void drop_table_done(struct drop_table *table)
{
    free(table->sites);
    hash_index_done(&table->index);
    *table = (struct drop_table){};
}

static uint64_t labels_hash(const struct drop_labels *labels)
{
    uint64_t hash = hash_text(HASH_EMPTY, labels->function);

    hash = hash_text(hash, labels->module);
    hash = hash_text(hash, labels->reason);
    hash = hash_text(hash, labels->device);
    hash = hash_word(hash, labels->offset);
    return hash_word(hash,
                     (uint64_t)labels->circumstance << 16 | (uint64_t)labels->netns << 8 | labels->protocol);
}

static bool labels_equal(const struct drop_labels *a, const struct drop_labels *b)
{
    return a->offset == b->offset && a->netns == b->netns && a->protocol == b->protocol &&
           a->circumstance == b->circumstance && strcmp(a->function, b->function) == 0 &&
           strcmp(a->module, b->module) == 0 && strcmp(a->reason, b->reason) == 0 &&
           strcmp(a->device, b->device) == 0;
}

/* Gives up one site whose device is gone. */
static bool table_evict(struct drop_table *table)
{
    struct drop_site *oldest = NULL;

    for (size_t i = 0; i < table->count; i++)
        if (table->sites[i].gone && (!oldest || table->sites[i].moved < oldest->moved))
            oldest = &table->sites[i];
    if (!oldest)
        return false;
    *oldest = table->sites[--table->count];
    hash_index_clear(&table->index);
    for (size_t i = 0; i < table->count; i++)
        (void)hash_index_add(&table->index, table->sites[i].hash, i); /* its room is there */
    return true;
}

static void count_other(struct drop_table *table, enum loss_class loss_class, uint64_t count)
{
    if (table->other[loss_class] == 0)
        table->generation++;
    table->other[loss_class] += count;
    table->totals[loss_class] += count;
}

static int table_insert(struct drop_table *table, const struct drop_site *site)
{
    int error;

    if (table->count == table->max) {
        /* To give up the row of a device that is gone is no loss: devices come and go on any host of
         * containers. */
        if (!table_evict(table)) {
            limit_hit(table->limits, LIMIT_DROP_SITES);
            count_other(table, site->loss_class, site->count);
            return 0;
        }
    }
    error = array_grow(table->sites, table->count, table->capacity);
    if (error == 0)
        error = hash_index_add(&table->index, site->hash, table->count);
    if (error < 0)
        return error;
    table->sites[table->count++] = *site;
    table->totals[site->loss_class] += site->count;
    table->generation++;
    return 0;
}

int drop_table_add(struct drop_table *table, const struct drop_labels *labels, uint64_t count)
{
    uint64_t hash = labels_hash(labels);
    size_t known =
        hash_index_find(&table->index, hash, item, labels_equal(&table->sites[item].labels, labels));
    struct drop_site *site;

    if (known == HASH_NONE)
        return table_insert(table,
                            &(struct drop_site){.labels = *labels,
                                                .loss_class = drop_class_of(labels->reason, labels->function,
                                                                            labels->circumstance),
                                                .count = count,
                                                .moved = table->round,
                                                .hash = hash});
    site = &table->sites[known];
    site->count += count;
    site->moved = table->round;
    table->totals[site->loss_class] += count;
    return 0;
}

void drop_table_merge(struct drop_table *table, struct drop_table *from,
                      void (*relabel)(struct drop_labels *labels, void *data), void *data)
{
    if (!from->index.slot_count)
        return;
    while (from->count > 0) {
        struct drop_site *site = &from->sites[--from->count];

        from->totals[site->loss_class] -= site->count;
        if (relabel)
            relabel(&site->labels, data);
        if (drop_table_add(table, &site->labels, site->count) < 0)
            count_other(table, site->loss_class, site->count);
    }
    /* What has no row any more. */
    for (unsigned loss_class = 0; loss_class < LOSS_CLASS_COUNT; loss_class++) {
        table->other[loss_class] += from->other[loss_class];
        table->totals[loss_class] += from->totals[loss_class];
    }
    table->generation++;
    drop_table_done(from);
}

void drop_table_sweep(struct drop_table *table, bool (*exists)(const char *device, void *data), void *data)
{
    for (size_t i = 0; i < table->count; i++) {
        struct drop_site *site = &table->sites[i];

        site->gone = site->labels.device[0] && !exists(site->labels.device, data);
    }
}
