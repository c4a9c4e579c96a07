/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* All snapshots to serve at one moment, for a reader of several slots or of one slot twice. One thread. */

#include <stddef.h>
#include <stdint.h>

#include "base/table/snapshot.h"
#include "daemon/run/registry.h"

struct snapshots {
    size_t count;
    struct snapshot *items[REGISTRY_SLOTS_MAX]; /* a reference each; NULL as from registry_snapshot() */
};

void registry_snapshots(const struct registry *registry, uint64_t now_ns, struct snapshots *ret_snapshots);
void snapshots_done(struct snapshots *snapshots); /* accepts a zeroed struct */

/* Returns the first table that has a column with the role, or NULL if there is none. */
const struct table *snapshots_find_role(const struct snapshots *snapshots, enum role role,
                                        size_t *ret_column);

/* Goes through the tables of all snapshots, in the order of the slots. */
struct table_walk {
    const struct snapshots *snapshots; /* borrowed */
    size_t slot;
    size_t next; /* table of the slot */
};

struct table_walk table_walk_begin(const struct snapshots *snapshots);

/* Returns the next table, or NULL at the end. */
const struct table *table_walk_next(struct table_walk *walk);

/* Returns the next table that has a column with the role, or NULL at the end. */
const struct table *table_walk_role(struct table_walk *walk, enum role role, size_t *ret_column);
