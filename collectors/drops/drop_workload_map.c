/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/drops/drop_workload_map.h"

/* Reads the BPF maps of workloads and of their paths. The collector's thread. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "base/array.h"
#include "collectors/drops/drop_kept_file.h"

static const struct drop_map_shape shape = {
    .key_size = sizeof(struct drop_workload_key), .value_size = sizeof(uint64_t), .sums = 1};

static uint16_t circumstances(const void *key)
{
    return ((const struct drop_workload_key *)key)->circumstances;
}

int drop_workload_map_init(struct drop_workload_map *map, const struct drop_workload_fds *fds, size_t cpus)
{
    int error;

    *map = (struct drop_workload_map){.paths_fd = fds->paths,
                                      .epoch = {.settings_fd = fds->settings,
                                                .setting = DROP_SETTING_EPOCH_WORKLOADS,
                                                .circumstances = circumstances}};
    error = drop_epoch_init(&map->epoch, fds->workloads);
    if (error < 0)
        return error;
    map->taken = calloc(DROP_PATHS_AT_ONCE, sizeof(*map->taken));
    return map->taken ? drop_map_init(&map->map, fds->workloads, &shape, cpus) : -ENOMEM;
}

void drop_workload_map_done(struct drop_workload_map *map)
{
    drop_map_done(&map->map);
    free(map->orphans);
    free(map->taken);
    *map = (struct drop_workload_map){};
}

void drop_workload_map_inherit(struct drop_workload_map *map, struct drop_workload_map *previous)
{
    drop_map_inherit(&map->map, &previous->map);
    free(map->orphans);
    free(map->taken);
    map->orphans = previous->orphans;
    map->orphan_count = previous->orphan_count;
    map->orphan_capacity = previous->orphan_capacity;
    map->taken = previous->taken;
    map->taken_count = previous->taken_count;
    map->epoch.draining = previous->epoch.draining;
    previous->orphans = NULL;
    previous->taken = NULL;
}

void drop_workload_map_save(const struct drop_workload_map *map, struct drop_kept_writer *writer)
{
    drop_map_save(&map->map, writer);
    drop_kept_put_number(writer, map->epoch.draining);
    drop_kept_put_number(writer, map->orphan_count);
    drop_kept_put(writer, map->orphans, map->orphan_count * sizeof(*map->orphans));
    drop_kept_put_number(writer, map->taken_count);
    drop_kept_put(writer, map->taken, map->taken_count * sizeof(*map->taken));
}

int drop_workload_map_restore(struct drop_workload_map *map, struct drop_kept_reader *reader)
{
    int error = drop_map_restore(&map->map, &shape, reader);

    if (error < 0)
        return error;
    map->epoch.draining = drop_kept_get_number(reader) != 0;
    map->orphan_count = drop_kept_get_count(reader, sizeof(*map->orphans));
    if (map->orphan_count && array_resize(map->orphans, map->orphan_capacity, map->orphan_count) < 0)
        return -ENOMEM;
    drop_kept_get(reader, map->orphans, map->orphan_count * sizeof(*map->orphans));
    map->taken_count = drop_kept_get_count(reader, sizeof(*map->taken));
    if (map->taken_count > DROP_PATHS_AT_ONCE) {
        reader->damaged = true;
        return 0;
    }
    map->taken = calloc(DROP_PATHS_AT_ONCE, sizeof(*map->taken));
    if (!map->taken)
        return -ENOMEM;
    drop_kept_get(reader, map->taken, map->taken_count * sizeof(*map->taken));
    return 0;
}

/* Keys begin with the control group, so those of one group are neighbours; but they are sorted as bytes. */
static int compare_id(const void *id, const void *entry)
{
    return memcmp(id, ((const struct drop_map_entry *)entry)->key, sizeof(uint64_t));
}

static bool reading_has(const struct drop_map_reading *reading, uint64_t id)
{
    return reading->count &&
           bsearch(&id, reading->entries, reading->count, sizeof(*reading->entries), compare_id);
}

/* Puts paths back: the program may have seen a path just before it was removed, and made a new key for it. */
static void paths_restore(struct drop_workload_map *map)
{
    for (size_t i = 0; i < map->taken_count; i++)
        if (reading_has(&map->map.next, map->taken[i].id))
            (void)bpf_map_update_elem(map->paths_fd, &map->taken[i].id, &map->taken[i].cgroup, BPF_NOEXIST);
    map->taken_count = 0;
}

int drop_workload_map_read(struct drop_workload_map *map)
{
    int error = drop_map_read(&map->map);

    if (error == 0)
        paths_restore(map);
    return error;
}

/* If memory runs out, the path stays. */
static void orphan_add(struct drop_workload_map *map, uint64_t id)
{
    if (array_grow(map->orphans, map->orphan_count, map->orphan_capacity) == 0)
        map->orphans[map->orphan_count++] = id;
}

/* Removes those keys of the last epoch that did not move in the last reading. The next call removes the
 * rest. */
static bool epoch_drain(struct drop_workload_map *map, drop_map_give *give, void *data)
{
    bool any;

    for (size_t i = 0; i < map->map.last.count; i++) {
        const struct drop_map_entry *entry = &map->map.last.entries[i];

        if (drop_epoch_over(entry->key, &map->epoch) && entry->moved != map->map.round)
            orphan_add(map, entry->key[0]);
    }
    any = drop_map_forget(&map->map, drop_epoch_over, &map->epoch, give, data);
    map->epoch.draining = drop_epoch_left(&map->epoch, &map->map) > 0;
    return any;
}

/* Removes some paths of control groups that have no key any more. */
static void paths_take(struct drop_workload_map *map)
{
    while (map->orphan_count > 0 && map->taken_count < DROP_PATHS_AT_ONCE) {
        uint64_t id = map->orphans[--map->orphan_count];
        struct drop_path *taken = &map->taken[map->taken_count];

        if (reading_has(&map->map.last, id) || bpf_map_lookup_elem(map->paths_fd, &id, &taken->cgroup) < 0)
            continue;
        taken->id = id;
        if (bpf_map_delete_elem(map->paths_fd, &id) == 0)
            map->taken_count++;
    }
}

bool drop_workload_map_keep(struct drop_workload_map *map, drop_map_give *give, void *data)
{
    bool any = false;

    drop_map_keep(&map->map);
    if (map->epoch.draining)
        any = epoch_drain(map, give, data);
    else
        drop_epoch_turn(&map->epoch, &map->map);
    paths_take(map);
    return any || map->taken_count;
}

bool drop_workload_map_path(const struct drop_workload_map *map, uint64_t id,
                            char path[DROP_CGROUP_PATH_SIZE])
{
    struct drop_cgroup cgroup;

    if (bpf_map_lookup_elem(map->paths_fd, &id, &cgroup) < 0)
        return false;
    memcpy(path, cgroup.path, DROP_CGROUP_PATH_SIZE);
    return path[DROP_CGROUP_PATH_SIZE - 1] == '\0';
}
