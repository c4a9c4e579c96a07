/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The other ends of veth devices: a packet that is counted at one end may be lost at the other. Under the
 * lock of the ledger. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/table/snapshot.h"

struct ledger_peers {
    struct row_set *rows; /* of the table that they are from; NULL if there is none */
    struct ledger_pair *pairs;
    size_t count;
    struct hash_index index;
};

/* Takes in the table of peers, if the snapshot has one. Returns 0, or -ENOMEM, and then no peer is known. */
int ledger_peers_take(struct ledger_peers *peers, const struct snapshot *snapshot);
void ledger_peers_done(struct ledger_peers *peers); /* accepts a zeroed struct */

/* Returns the hash of the name of the device at the other end (ledger_device()), or 0 if there is none in our
 * own namespace; *ret_elsewhere is then true if it is in another one. */
uint64_t ledger_peer(const struct ledger_peers *peers, uint64_t device, bool *ret_elsewhere);
