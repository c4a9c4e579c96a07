/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/drops/drop_map.h"

/* Reads the counts of a BPF map as differences between two readings. The collector's thread. */

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "base/array.h"
#include "base/sort.h"
#include "collectors/drops/drop_kept_file.h"

enum {
    BATCH_FIRST = 128, /* keys read at once; doubled if one bucket of the map holds more */
    BATCH_MAX = 64 * 1024,
};

void drop_map_done(struct drop_map *map)
{
    free(map->keys);
    free(map->values);
    free(map->last.entries);
    free(map->next.entries);
    *map = (struct drop_map){};
}

/* Makes room for a batch of keys with a value for each CPU. */
static int batch_resize(struct drop_map *map, size_t batch)
{
    void *keys = reallocarray(NULL, batch, map->shape.key_size);
    uint64_t *values = reallocarray(NULL, batch, map->cpus * map->shape.value_size);

    if (!keys || !values) {
        free(keys);
        free(values);
        return -ENOMEM;
    }
    free(map->keys);
    free(map->values);
    map->keys = keys;
    map->values = values;
    map->batch = batch;
    return 0;
}

int drop_map_init(struct drop_map *map, int fd, const struct drop_map_shape *shape, size_t cpus)
{
    *map = (struct drop_map){.fd = fd, .shape = *shape, .cpus = cpus};
    assert(shape->key_size <= sizeof(map->last.entries->key) && shape->sums <= DROP_MAP_SUMS_MAX);
    return batch_resize(map, BATCH_FIRST);
}

void drop_map_inherit(struct drop_map *map, struct drop_map *previous)
{
    free(map->last.entries);
    map->last = previous->last;
    map->round = previous->round;
    previous->last = (struct drop_map_reading){};
}

void drop_map_save(const struct drop_map *map, struct drop_kept_writer *writer)
{
    drop_kept_put_number(writer, map->round);
    drop_kept_put_number(writer, map->last.count);
    for (size_t i = 0; i < map->last.count; i++) {
        const struct drop_map_entry *entry = &map->last.entries[i];

        drop_kept_put(writer, entry->key, map->shape.key_size);
        drop_kept_put(writer, entry->sums, map->shape.sums * sizeof(entry->sums[0]));
        drop_kept_put_number(writer, entry->moved);
    }
}

int drop_map_restore(struct drop_map *map, const struct drop_map_shape *shape,
                     struct drop_kept_reader *reader)
{
    size_t count;

    *map = (struct drop_map){.fd = -1, .shape = *shape, .round = drop_kept_get_number(reader)};
    count = drop_kept_get_count(reader, shape->key_size);
    if (count && array_resize(map->last.entries, map->last.capacity, count) < 0)
        return -ENOMEM;
    for (; map->last.count < count; map->last.count++) {
        struct drop_map_entry *entry = &map->last.entries[map->last.count];

        *entry = (struct drop_map_entry){};
        drop_kept_get(reader, entry->key, shape->key_size);
        drop_kept_get(reader, entry->sums, shape->sums * sizeof(entry->sums[0]));
        entry->moved = drop_kept_get_number(reader);
    }
    return 0;
}

/* Sums the values of one key over all CPUs. */
static void sum_cpus(const struct drop_map *map, const uint64_t *values, uint64_t sums[DROP_MAP_SUMS_MAX])
{
    size_t words = map->shape.value_size / sizeof(*values);

    memset(sums, 0, DROP_MAP_SUMS_MAX * sizeof(*sums));
    for (size_t cpu = 0; cpu < map->cpus; cpu++)
        for (size_t i = 0; i < map->shape.sums; i++)
            sums[i] += values[cpu * words + i];
}

static int reading_append(struct drop_map *map, size_t count)
{
    struct drop_map_reading *next = &map->next;
    size_t words = map->shape.value_size / sizeof(*map->values);

    if (next->count + count > next->capacity &&
        array_resize(next->entries, next->capacity, 2 * (next->count + count)) < 0)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        struct drop_map_entry *entry = &next->entries[next->count++];

        *entry = (struct drop_map_entry){};
        memcpy(entry->key, (char *)map->keys + i * map->shape.key_size, map->shape.key_size);
        sum_cpus(map, map->values + i * map->cpus * words, entry->sums);
    }
    return 0;
}

static int compare_entries(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(((struct drop_map_entry *)NULL)->key));
}

/* Notes which entries moved, and copies from the last reading when the others last did. Both readings are
 * sorted. */
static void reading_compare(struct drop_map *map)
{
    size_t old = 0;

    map->round++;
    for (size_t i = 0; i < map->next.count; i++) {
        struct drop_map_entry *entry = &map->next.entries[i];

        while (old < map->last.count && compare_entries(&map->last.entries[old], entry) < 0)
            old++;
        entry->moved = map->round;
        if (old < map->last.count && compare_entries(&map->last.entries[old], entry) == 0 &&
            memcmp(map->last.entries[old].sums, entry->sums, sizeof(entry->sums)) == 0)
            entry->moved = map->last.entries[old].moved;
    }
}

/* Reads the whole map. If a bucket does not fit into a batch, the kernel returns ENOSPC
 * (__htab_map_lookup_and_delete_batch, kernel/bpf/hashtab.c), and the reading starts over with a larger
 * batch. */
static int map_read(struct drop_map *map)
{
    uint32_t position;
    void *from = NULL;
    int error;

    map->next.count = 0;
    do {
        __u32 count = (__u32)map->batch;

        error = bpf_map_lookup_batch(map->fd, from, &position, map->keys, map->values, &count, NULL);
        if (error == -ENOSPC && map->batch < BATCH_MAX) {
            map->next.count = 0;
            from = NULL;
            error = batch_resize(map, 2 * map->batch);
            continue;
        }
        if (error == 0 || error == -ENOENT) {
            int appended = reading_append(map, count);

            if (appended < 0)
                return appended;
        }
        from = &position;
    } while (error == 0);
    return error == -ENOENT ? 0 : error;
}

int drop_map_read(struct drop_map *map)
{
    int error = map_read(map);

    if (error < 0)
        return error;
    sort_items(map->next.entries, map->next.count, sizeof(*map->next.entries), compare_entries);
    reading_compare(map);
    return 0;
}

/* Nothing resets a key. If it has less than before, a process removed it and was killed before it could
 * record that: this is a new key. */
static bool goes_on(const struct drop_map_entry *before, const struct drop_map_entry *entry)
{
    for (size_t i = 0; i < DROP_MAP_SUMS_MAX; i++)
        if (entry->sums[i] < before->sums[i])
            return false;
    return true;
}

int drop_map_moved(const struct drop_map *map, drop_map_give *give, void *data)
{
    static const uint64_t nothing[DROP_MAP_SUMS_MAX] = {};
    size_t old = 0;
    int error = 0;

    for (size_t i = 0; i < map->next.count && error >= 0; i++) {
        const struct drop_map_entry *entry = &map->next.entries[i];
        const uint64_t *before = nothing;
        uint64_t came[DROP_MAP_SUMS_MAX];

        if (entry->moved != map->round)
            continue;
        while (old < map->last.count && compare_entries(&map->last.entries[old], entry) < 0)
            old++;
        if (old < map->last.count && compare_entries(&map->last.entries[old], entry) == 0 &&
            goes_on(&map->last.entries[old], entry))
            before = map->last.entries[old].sums;
        for (size_t k = 0; k < DROP_MAP_SUMS_MAX; k++)
            came[k] = entry->sums[k] - before[k];
        error = give(entry->key, came, data);
    }
    return error;
}

void drop_map_keep(struct drop_map *map)
{
    struct drop_map_reading swap = map->last;

    map->last = map->next;
    map->next = swap;
}

/* Removes the key and gives what came since the reading. Returns true if the key is gone. */
static bool forget(struct drop_map *map, const struct drop_map_entry *entry, drop_map_give *give, void *data)
{
    uint64_t came[DROP_MAP_SUMS_MAX];
    bool any = false;

    if (bpf_map_lookup_and_delete_elem_flags(map->fd, entry->key, map->values, 0) < 0)
        return false;
    sum_cpus(map, map->values, came);
    for (size_t i = 0; i < DROP_MAP_SUMS_MAX; i++) {
        came[i] -= entry->sums[i];
        any = any || came[i];
    }
    if (any)
        (void)give(entry->key, came, data);
    return true;
}

bool drop_map_forget(struct drop_map *map, bool (*over)(const void *key, void *over_data), void *over_data,
                     drop_map_give *give, void *data)
{
    size_t kept = 0, count = map->last.count;

    for (size_t i = 0; i < count; i++) {
        const struct drop_map_entry entry = map->last.entries[i];

        if (entry.moved == map->round || !over(entry.key, over_data) || !forget(map, &entry, give, data))
            map->last.entries[kept++] = entry;
    }
    map->last.count = kept;
    return kept < count;
}

int drop_map_array(const struct drop_map *map, int fd, size_t count, uint64_t *ret_sums)
{
    __u32 position, got = (__u32)count;

    assert(count <= map->batch);
    if (bpf_map_lookup_batch(fd, NULL, &position, map->keys, map->values, &got, NULL) < 0)
        return -errno;
    for (size_t i = 0; i < count; i++) {
        ret_sums[i] = 0;
        for (size_t cpu = 0; cpu < map->cpus; cpu++)
            ret_sums[i] += map->values[i * map->cpus + cpu];
    }
    return 0;
}
