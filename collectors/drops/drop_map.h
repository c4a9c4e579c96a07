/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Reads a map in which a BPF program counts by key and CPU. Nothing is ever reset, so no count is missed: new
 * counts are the difference between two readings. Needs no capability. One thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct drop_kept_reader;
struct drop_kept_writer;

enum {
    DROP_MAP_KEY_WORDS = 4,
    DROP_MAP_SUMS_MAX = 10,
};

/* What all CPUs have counted for a key since the program was loaded. */
struct drop_map_entry {
    uint64_t key[DROP_MAP_KEY_WORDS]; /* as in the map, then zeros */
    uint64_t sums[DROP_MAP_SUMS_MAX];
    uint64_t moved; /* the reading that last saw it move */
};

struct drop_map_reading {
    struct drop_map_entry *entries; /* ascending by key */
    size_t count;
    size_t capacity;
};

/* The layout of a map. All sizes are whole words. */
struct drop_map_shape {
    size_t key_size;
    size_t value_size; /* on a CPU */
    size_t sums;       /* the first so many words of the value are counts */
};

struct drop_map {
    int fd; /* borrowed */
    struct drop_map_shape shape;
    size_t cpus; /* 1 if the map has one value for all CPUs */
    size_t batch;
    void *keys;       /* batch of them */
    uint64_t *values; /* batch × cpus */
    uint64_t round;   /* of the last reading */
    struct drop_map_reading last;
    struct drop_map_reading next; /* the one going on */
};

/* Returns 0 or -ENOMEM. */
int drop_map_init(struct drop_map *map, int fd, const struct drop_map_shape *shape, size_t cpus);
void drop_map_done(struct drop_map *map); /* accepts a zeroed struct */

/* Takes over the last reading of another one, and continues from it. */
void drop_map_inherit(struct drop_map *map, struct drop_map *previous);

/* Save the last reading for another process that continues with the map, and restore it there. Restoring
 * returns 0 or -ENOMEM. */
void drop_map_save(const struct drop_map *map, struct drop_kept_writer *writer);
int drop_map_restore(struct drop_map *map, const struct drop_map_shape *shape,
                     struct drop_kept_reader *reader);

/* Reads the whole map. Until drop_map_keep(), differences are to the last kept reading. Returns 0 or a
 * negative errno. */
int drop_map_read(struct drop_map *map);

/* The callback that gets the differences. `came` has the increase of each sum since the last reading. The key
 * is valid only during the call. */
typedef int drop_map_give(const void *key, const uint64_t *came, void *data);

/* Passes what moved to `give`. Returns 0, or the negative errno by which `give` ended it. */
int drop_map_moved(const struct drop_map *map, drop_map_give *give, void *data);

/* Makes this reading the last one. */
void drop_map_keep(struct drop_map *map);

/* Removes keys from the map that did not move in the last reading, if `over` says so, and passes on what they
 * counted since that reading. Returns true if it took any. */
bool drop_map_forget(struct drop_map *map, bool (*over)(const void *key, void *over_data), void *over_data,
                     drop_map_give *give, void *data);

/* Reads an array of `count` entries, at most a batch of the map, and sums each over the CPUs. Returns 0 or a
 * negative errno. */
int drop_map_array(const struct drop_map *map, int fd, size_t count, uint64_t *ret_sums);
