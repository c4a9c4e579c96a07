/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/drops/drop_epoch.h"

/*
 * Removes keys from a BPF map without losing a count, by moving the program on to a new epoch. The
 * collector's thread.
 */

#include <errno.h>

#include <bpf/bpf.h>

/* A key that moved within so many readings may come back before the keys of the last epoch are removed. */
enum { RECENT_ROUNDS = 4 };

int drop_epoch_init(struct drop_epoch *epoch, int map_fd)
{
    const uint32_t setting = epoch->setting;
    struct bpf_map_info info = {};
    __u32 size = sizeof(info);

    if (bpf_obj_get_info_by_fd(map_fd, &info, &size) < 0 ||
        bpf_map_lookup_elem(epoch->settings_fd, &setting, &epoch->now) < 0)
        return -errno;
    epoch->max = info.max_entries;
    return 0;
}

bool drop_epoch_over(const void *key, void *data)
{
    const struct drop_epoch *epoch = data;

    return (epoch->circumstances(key) & DROP_KEY_EPOCH) != epoch->now;
}

size_t drop_epoch_left(struct drop_epoch *epoch, const struct drop_map *map)
{
    size_t count = 0;

    for (size_t i = 0; i < map->last.count; i++)
        count += drop_epoch_over(map->last.entries[i].key, epoch);
    return count;
}

static size_t recent_count(const struct drop_map *map)
{
    size_t count = 0;

    for (size_t i = 0; i < map->last.count; i++)
        count += map->round - map->last.entries[i].moved < RECENT_ROUNDS;
    return count;
}

void drop_epoch_turn(struct drop_epoch *epoch, const struct drop_map *map)
{
    const uint32_t setting = epoch->setting;
    uint32_t next = epoch->now ^ DROP_KEY_EPOCH;

    if (map->last.count <= epoch->max / 2 || map->last.count + recent_count(map) > epoch->max)
        return;
    if (bpf_map_update_elem(epoch->settings_fd, &setting, &next, BPF_ANY) < 0)
        return;
    epoch->now = next;
    epoch->draining = true;
}
