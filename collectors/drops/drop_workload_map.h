/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Reads the BPF map of workloads and that of their paths (drop_map.h), and keeps them from filling up
 * (drop_epoch.h): control groups come and go by the thousand, and leave keys that never move again. One
 * thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collectors/drops/bpf/drop_key.h"
#include "collectors/drops/drop_epoch.h"
#include "collectors/drops/drop_map.h"

enum { DROP_PATHS_AT_ONCE = 256 }; /* taken out between two readings */

/* A path that was taken out of its map. */
struct drop_path {
    uint64_t id;
    struct drop_cgroup cgroup;
};

struct drop_workload_map {
    struct drop_map map;
    int paths_fd; /* borrowed */
    struct drop_epoch epoch;
    uint64_t *orphans; /* control groups whose keys went: their paths may go */
    size_t orphan_count;
    size_t orphan_capacity;
    struct drop_path *taken; /* since the last reading */
    size_t taken_count;
};

/* Borrowed. */
struct drop_workload_fds {
    int workloads;
    int paths;
    int settings;
};

/* Returns 0 or a negative errno. */
int drop_workload_map_init(struct drop_workload_map *map, const struct drop_workload_fds *fds, size_t cpus);
void drop_workload_map_done(struct drop_workload_map *map); /* accepts a zeroed struct */
void drop_workload_map_inherit(struct drop_workload_map *map, struct drop_workload_map *previous);

/* Like the functions of drop_map.h with these names. */
int drop_workload_map_read(struct drop_workload_map *map);
void drop_workload_map_save(const struct drop_workload_map *map, struct drop_kept_writer *writer);
int drop_workload_map_restore(struct drop_workload_map *map, struct drop_kept_reader *reader);

/* Returns true if it took something out of the map, or its paths. */
bool drop_workload_map_keep(struct drop_workload_map *map, drop_map_give *give, void *data);

/* Writes the path of a control group. Returns false if it is not known. */
bool drop_workload_map_path(const struct drop_workload_map *map, uint64_t id,
                            char path[DROP_CGROUP_PATH_SIZE]);
