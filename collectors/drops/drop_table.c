/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/drops/drop_table.h"

/* Counts drops by site, within a bound, and decides which row to evict. The collector's thread. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"

/* A site of another namespace may be evicted after so long without a drop: nobody tells us whether its device
 * still exists. */
#define IDLE_NS (300 * NS_PER_SECOND)

int drop_table_init(struct drop_table *ret_table, size_t max, struct limits *limits)
{
    struct drop_table table = {.max = max, .generation = 1, .limits = limits};
    int error = hash_index_reserve(&table.index, 2 * max);

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
    hash = hash_text(hash, labels->space);
    hash = hash_word(hash, labels->offset);
    return hash_word(hash,
                     (uint64_t)labels->circumstance << 16 | (uint64_t)labels->netns << 8 | labels->protocol);
}

static bool labels_equal(const struct drop_labels *a, const struct drop_labels *b)
{
    return a->offset == b->offset && a->netns == b->netns && a->protocol == b->protocol &&
           a->circumstance == b->circumstance && strcmp(a->function, b->function) == 0 &&
           strcmp(a->module, b->module) == 0 && strcmp(a->reason, b->reason) == 0 &&
           strcmp(a->device, b->device) == 0 && strcmp(a->space, b->space) == 0;
}

static bool is_spaced(const struct drop_labels *labels)
{
    return labels->space[0] != '\0';
}

static bool is_over(const struct drop_table *table, const struct drop_site *site)
{
    return is_spaced(&site->labels) ? table->now_ns > site->moved_ns + IDLE_NS : site->gone;
}

size_t drop_table_staying(const struct drop_table *table, bool spaced)
{
    size_t count = 0;

    for (size_t i = 0; i < table->count; i++)
        count += is_spaced(&table->sites[i].labels) == spaced && !is_over(table, &table->sites[i]);
    return count;
}

/* Evicts one site that is over, either of those in named namespaces or of the others. */
static bool table_evict(struct drop_table *table, bool spaced)
{
    struct drop_site *oldest = NULL;

    for (size_t i = 0; i < table->count; i++)
        if (is_spaced(&table->sites[i].labels) == spaced && is_over(table, &table->sites[i]) &&
            (!oldest || table->sites[i].moved_ns < oldest->moved_ns))
            oldest = &table->sites[i];
    if (!oldest)
        return false;
    table->forgotten[oldest->loss_class] += oldest->count;
    table->spaced_count -= spaced;
    *oldest = table->sites[--table->count];
    hash_index_clear(&table->index);
    for (size_t i = 0; i < table->count; i++)
        (void)hash_index_add(&table->index, table->sites[i].hash, i); /* cannot fail: room is reserved */
    return true;
}

static void count_other(struct drop_table *table, enum loss_class loss_class, uint64_t count)
{
    if (table->other[loss_class] == 0)
        table->generation++;
    table->other[loss_class] += count;
    table->totals[loss_class] += count;
}

/* Returns -ENOSPC if the table is full, or -ENOMEM. */
static int table_insert(struct drop_table *table, const struct drop_site *site)
{
    bool spaced = is_spaced(&site->labels);
    size_t count = spaced ? table->spaced_count : table->count - table->spaced_count;
    int error;

    /* Evicting the row of a removed device is not a limit hit: devices come and go on any host of
     * containers. */
    if (count == table->max && !table_evict(table, spaced)) {
        limit_hit(table->limits, LIMIT_DROP_SITES);
        return -ENOSPC;
    }
    error = array_grow(table->sites, table->count, table->capacity);
    if (error == 0)
        error = hash_index_add(&table->index, site->hash, table->count);
    if (error < 0)
        return error;
    table->sites[table->count++] = *site;
    table->spaced_count += spaced;
    table->totals[site->loss_class] += site->count;
    table->generation++;
    return 0;
}

static int table_add_new(struct drop_table *table, const struct drop_labels *labels, uint64_t hash,
                         uint64_t count, uint64_t segments)
{
    const struct drop_site site = {
        .labels = *labels,
        .loss_class = drop_class_of(labels->reason, labels->function, labels->circumstance),
        .count = count,
        .moved_ns = table->now_ns,
        .hash = hash,
    };
    int error = table_insert(table, &site);

    if (error == -ENOSPC && is_spaced(labels)) {
        struct drop_labels without = *labels;

        drop_labels_unname(&without);
        return drop_table_add(table, &without, count, segments);
    }
    if (error == -ENOSPC)
        count_other(table, site.loss_class, count);
    if (error == 0 || error == -ENOSPC)
        table->segments[site.loss_class] += segments;
    return error == -ENOSPC ? 0 : error;
}

void drop_labels_unname(struct drop_labels *labels)
{
    if (is_spaced(labels))
        memset(labels->device, 0, sizeof(labels->device));
    memset(labels->space, 0, sizeof(labels->space));
}

int drop_table_add(struct drop_table *table, const struct drop_labels *labels, uint64_t count,
                   uint64_t segments)
{
    uint64_t hash = labels_hash(labels);
    size_t known =
        hash_index_find(&table->index, hash, item, labels_equal(&table->sites[item].labels, labels));
    struct drop_site *site;

    if (known == HASH_NONE)
        return table_add_new(table, labels, hash, count, segments);
    site = &table->sites[known];
    table->segments[site->loss_class] += segments;
    site->count += count;
    site->moved_ns = table->now_ns;
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
        if (drop_table_add(table, &site->labels, site->count, 0) < 0)
            count_other(table, site->loss_class, site->count);
    }
    /* Counts that have no row any more. */
    for (unsigned loss_class = 0; loss_class < LOSS_CLASS_COUNT; loss_class++) {
        table->other[loss_class] += from->other[loss_class];
        table->forgotten[loss_class] += from->forgotten[loss_class];
        table->totals[loss_class] += from->totals[loss_class];
        table->segments[loss_class] += from->segments[loss_class];
    }
    table->generation++;
    drop_table_done(from);
}

void drop_table_sweep(struct drop_table *table, bool (*exists)(const char *device, void *data), void *data)
{
    for (size_t i = 0; i < table->count; i++) {
        struct drop_site *site = &table->sites[i];

        site->gone =
            !is_spaced(&site->labels) && site->labels.device[0] && !exists(site->labels.device, data);
    }
}
