/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/run/snapshots.h"

/* Takes all snapshots of the registry, and goes through their tables. Any thread. */

void registry_snapshots(const struct registry *registry, uint64_t now_ns, struct snapshots *ret_snapshots)
{
    ret_snapshots->count = registry_count(registry);
    for (size_t i = 0; i < ret_snapshots->count; i++)
        ret_snapshots->items[i] = registry_snapshot(registry, i, now_ns);
}

void snapshots_done(struct snapshots *snapshots)
{
    for (size_t i = 0; i < snapshots->count; i++)
        snapshot_unref(snapshots->items[i]);
    snapshots->count = 0;
}

struct table_walk table_walk_begin(const struct snapshots *snapshots)
{
    return (struct table_walk){.snapshots = snapshots};
}

const struct table *table_walk_next(struct table_walk *walk)
{
    for (; walk->slot < walk->snapshots->count; walk->slot++, walk->next = 0) {
        const struct snapshot *snapshot = walk->snapshots->items[walk->slot];

        if (snapshot && walk->next < snapshot->table_count)
            return &snapshot->tables[walk->next++];
    }
    return NULL;
}

const struct table *table_walk_role(struct table_walk *walk, enum role role, size_t *ret_column)
{
    const struct table *table;
    int column = -1;

    while (column < 0 && (table = table_walk_next(walk)))
        column = table_find_role(table, role);
    if (column < 0)
        return NULL;
    *ret_column = (size_t)column;
    return table;
}

const struct table *snapshots_find_role(const struct snapshots *snapshots, enum role role, size_t *ret_column)
{
    struct table_walk walk = table_walk_begin(snapshots);

    return table_walk_role(&walk, role, ret_column);
}
