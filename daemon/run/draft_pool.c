/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/run/draft_pool.h"

/* Recycles the snapshots of a collector. The collector's thread. */

struct snapshot *draft_pool_take(struct draft_pool *pool, struct snapshot **ret_extra)
{
    for (size_t i = 0; i < DRAFTS; i++) {
        struct snapshot **item = &pool->items[i];

        if (!*item)
            *item = snapshot_new();
        if (*item && atomic_load_explicit(&(*item)->references, memory_order_acquire) == 1) {
            snapshot_clear(*item);
            return *item;
        }
    }
    return *ret_extra = snapshot_new();
}

void draft_pool_done(struct draft_pool *pool)
{
    for (size_t i = 0; i < DRAFTS; i++)
        pool->items[i] = snapshot_unref(pool->items[i]);
}
