/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Removes keys from a map in which the BPF program makes them. While the program counts, nobody can know
 * which keys no longer move, and a key removed in the middle of a drop would lose its count. So once the map
 * is half full, the program is told to make keys of another epoch. Keys of the last epoch then no longer
 * move, and can be removed. One thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collectors/drops/bpf/drop_key.h"
#include "collectors/drops/drop_map.h"

struct drop_epoch {
    int settings_fd; /* borrowed */
    enum drop_setting setting;
    uint16_t (*circumstances)(const void *key); /* returns the part of a key that has the epoch */
    size_t max;                                 /* keys that fit */
    uint32_t now;                               /* of the keys that the program makes */
    bool draining;                              /* there are keys of the last one */
};

/* Returns 0 or a negative errno. */
int drop_epoch_init(struct drop_epoch *epoch, int map_fd);

/* Tells the program to begin another epoch if the map is full enough, but has room for the keys that will be
 * made again. */
void drop_epoch_turn(struct drop_epoch *epoch, const struct drop_map *map);

/* Returns true if the key is of the last epoch. `epoch` is a struct drop_epoch. */
bool drop_epoch_over(const void *key, void *epoch);

/* Returns how many keys of the last epoch the last reading has. */
size_t drop_epoch_left(struct drop_epoch *epoch, const struct drop_map *map);
