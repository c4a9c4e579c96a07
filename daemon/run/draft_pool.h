/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The snapshots that one collector fills in turn: one is published, one is being read, one is the draft. So a
 * collection allocates nothing. The collector's thread.
 */

#include "base/table/snapshot.h"

/* A fourth is needed only for a moment, and is not kept. */
enum { DRAFTS = 3 };

struct draft_pool {
    struct snapshot *items[DRAFTS];
};

/* Returns a snapshot that nobody else refers to and the pool owns. If all are in use, makes one more in
 * *ret_extra, which the caller releases. Returns NULL if memory runs out. */
struct snapshot *draft_pool_take(struct draft_pool *pool, struct snapshot **ret_extra);
void draft_pool_done(struct draft_pool *pool);
