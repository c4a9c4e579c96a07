/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/drops/drop_table.h"

/* See drop_table.h. Runs on the collector's thread. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int drop_table_init(struct drop_table *ret_table, size_t max, struct limits *limits)
{
    struct drop_table table = {.max = max, .bucket_count = 16, .generation = 1, .limits = limits};

    while (table.bucket_count < 2 * max)
        table.bucket_count *= 2;
    table.buckets = calloc(table.bucket_count, sizeof(*table.buckets));
    if (!table.buckets)
        return -ENOMEM;
    *ret_table = table;
    return 0;
}

void drop_table_done(struct drop_table *table)
{
    free(table->sites);
    free(table->buckets);
    *table = (struct drop_table){};
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
    do
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3); /* FNV-1a, the NUL included */
    while (*text++);
    return hash;
}

static uint64_t labels_hash(const struct drop_labels *labels)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    hash = hash_text(hash, labels->function);
    hash = hash_text(hash, labels->module);
    hash = hash_text(hash, labels->reason);
    hash = hash_text(hash, labels->device);
    hash = (hash ^ labels->offset) * UINT64_C(0x100000001b3);
    hash = (hash ^ ((uint64_t)labels->netns << 8 | labels->protocol)) * UINT64_C(0x100000001b3);
    return hash ^ hash >> 32;
}

static bool labels_equal(const struct drop_labels *a, const struct drop_labels *b)
{
    return a->offset == b->offset && a->netns == b->netns && a->protocol == b->protocol &&
           strcmp(a->function, b->function) == 0 && strcmp(a->module, b->module) == 0 &&
           strcmp(a->reason, b->reason) == 0 && strcmp(a->device, b->device) == 0;
}

/* The bucket where the site is, or where it belongs. */
static uint32_t *table_bucket(struct drop_table *table, const struct drop_labels *labels, uint64_t hash)
{
    for (uint64_t i = hash;; i++) {
        uint32_t *bucket = &table->buckets[i & (table->bucket_count - 1)];
        const struct drop_site *site = *bucket ? &table->sites[*bucket - 1] : NULL;

        if (!site || (site->hash == hash && labels_equal(&site->labels, labels)))
            return bucket;
    }
}

static void table_rehash(struct drop_table *table)
{
    memset(table->buckets, 0, table->bucket_count * sizeof(*table->buckets));
    for (size_t i = 0; i < table->count; i++)
        *table_bucket(table, &table->sites[i].labels, table->sites[i].hash) = (uint32_t)i + 1;
}

static int table_grow(struct drop_table *table)
{
    size_t capacity = table->capacity ? 2 * table->capacity : 32;
    struct drop_site *sites;

    if (table->count < table->capacity)
        return 0;
    if (capacity > table->max)
        capacity = table->max;
    sites = reallocarray(table->sites, capacity, sizeof(*sites));
    if (!sites)
        return -ENOMEM;
    table->sites = sites;
    table->capacity = capacity;
    return 0;
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
    table_rehash(table);
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
        limit_hit(table->limits, LIMIT_DROP_SITES);
        if (!table_evict(table)) {
            count_other(table, site->loss_class, site->count);
            return 0;
        }
    }
    error = table_grow(table);
    if (error < 0)
        return error;
    table->sites[table->count++] = *site;
    *table_bucket(table, &site->labels, site->hash) = (uint32_t)table->count;
    table->totals[site->loss_class] += site->count;
    table->generation++;
    return 0;
}

int drop_table_add(struct drop_table *table, const struct drop_labels *labels, uint64_t count)
{
    uint64_t hash = labels_hash(labels);
    uint32_t bucket = *table_bucket(table, labels, hash);
    struct drop_site *site = bucket ? &table->sites[bucket - 1] : NULL;

    if (!site)
        return table_insert(table,
                            &(struct drop_site){.labels = *labels,
                                                .loss_class = drop_class_of(labels->reason, labels->function),
                                                .count = count,
                                                .moved = table->round,
                                                .hash = hash});
    site->count += count;
    site->moved = table->round;
    table->totals[site->loss_class] += count;
    return 0;
}

void drop_table_merge(struct drop_table *table, struct drop_table *from,
                      void (*relabel)(struct drop_labels *labels, void *data), void *data)
{
    if (!from->buckets)
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
