/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The fine side of the ledger: drops by cause, as the drop sites showed them in the last two readings. Under
 * the lock of the ledger.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/table/snapshot.h"
#include "daemon/ledger/ledger_rows.h"

/* One kind of drops that the ledger distinguishes. */
struct ledger_drop {
    struct ledger_key key; /* the key of its row */
    bool ours;             /* in our own namespace */
    char ip_version;       /* '4' or '6'; 0 if neither or not known */
    uint64_t device;       /* hash of its name; 0 if not a device of our own namespace */
    int cause;             /* number of its name */
    uint32_t next;         /* the next of the same cause, plus 1; 0 at the end */
    uint32_t next_here;    /* and of the same device */
    uint64_t skbs;         /* since the ledger began */
    uint64_t before;       /* skbs at the reading before */
    uint64_t owed;         /* new packets that the owner has not put into a row yet */
    uint64_t seen[2];      /* skbs and segments as the table showed them */
    int row;               /* row of the owner; -1 if not known yet */
};

struct ledger_drops {
    struct ledger_drop *items;
    size_t count;
    size_t capacity;
    struct hash_index index;
    struct hash_index devices; /* by cause and device: the first of each */
    uint32_t *first;           /* by the number of the cause: its newest item, plus 1 */
    size_t first_count;
    struct row_set *rows; /* of the last table; `places` has the item of each row */
    uint32_t *places;
    uint64_t began_ns; /* start of the last reading; 0 if there is none */
    uint64_t ended_ns;
    uint64_t before_ended_ns; /* end of the reading before; 0 if there is none */
    uint64_t unseen;          /* drops without an item, since the ledger began */
    uint64_t unseen_seen;
    bool unseen_known;
    bool told;   /* the next drops were already counted without sites */
    bool broken; /* some drops between the last two readings may be in no item */
};

/* Returns true if the snapshot has drops by cause. */
bool ledger_drops_has(const struct snapshot *snapshot);

/* Takes in a reading, once. Returns 0, or -ENOMEM, and then the reading is lost. */
int ledger_drops_take(struct ledger_drops *drops, const struct snapshot *snapshot,
                      struct ledger_names *causes);

/* Says that there is no reading, so the next one is not compared with the last. `told`: drops until then are
 * reported without sites, and belong to no item. */
void ledger_drops_blind(struct ledger_drops *drops, bool told);
void ledger_drops_done(struct ledger_drops *drops); /* accepts a zeroed struct */

/* Which drops a counter's row is about. */
struct ledger_place {
    uint64_t device; /* hash of its name; 0 if it has none */
    uint64_t peer;   /* hash of the device at its other end; 0 if there is none in our own namespace */
    char ip_version; /* '4' or '6'; 0 if the row has no such label */
};

/* A ledger_edge with the number of its cause. */
struct ledger_joint {
    int cause; /* -1: the end */
    enum ledger_join join;
};

/* Returns the skbs that also move the counter, as of the last reading or the one before. */
uint64_t ledger_drops_explain(const struct ledger_drops *drops, const struct ledger_joint *joints,
                              const struct ledger_place *place, bool before);

/* Returns the hash of a device's name; 0 for "". */
uint64_t ledger_device(const char *name);
