/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/ledger/ledger_peers.h"

/* Finds the other ends of veth devices for the ledger. Called under the lock of the ledger. */

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "daemon/ledger/ledger_drops.h"

struct ledger_pair {
    uint64_t device;
    uint64_t peer;
};

static struct row_set *rows_of(const struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->table_count; i++)
        if (table_find_role(&snapshot->tables[i], ROLE_PEERS) >= 0)
            return snapshot->tables[i].rows;
    return NULL;
}

static uint64_t device_of(const struct row_set *rows, size_t row, const char *label)
{
    char name[LEDGER_DEVICE_SIZE];

    return row_set_label(rows, row, label, name, sizeof(name)) < 0 ? 0 : ledger_device(name);
}

int ledger_peers_take(struct ledger_peers *peers, const struct snapshot *snapshot)
{
    struct row_set *rows = rows_of(snapshot);

    if (!rows || rows == peers->rows)
        return 0;
    ledger_peers_done(peers);
    peers->pairs = calloc(rows->count ? rows->count : 1, sizeof(*peers->pairs));
    if (!peers->pairs || hash_index_reserve(&peers->index, rows->count) < 0) {
        ledger_peers_done(peers);
        return -ENOMEM;
    }
    for (; peers->count < rows->count; peers->count++) {
        struct ledger_pair *pair = &peers->pairs[peers->count];

        *pair = (struct ledger_pair){.device = device_of(rows, peers->count, "device"),
                                     .peer = device_of(rows, peers->count, "peer")};
        (void)hash_index_add(&peers->index, pair->device, peers->count); /* cannot fail: room is reserved */
    }
    peers->rows = row_set_ref(rows);
    return 0;
}

void ledger_peers_done(struct ledger_peers *peers)
{
    row_set_unref(peers->rows);
    free(peers->pairs);
    hash_index_done(&peers->index);
    *peers = (struct ledger_peers){};
}

uint64_t ledger_peer(const struct ledger_peers *peers, uint64_t device, bool *ret_elsewhere)
{
    size_t pair = hash_index_find(&peers->index, device, item, peers->pairs[item].device == device);

    *ret_elsewhere = pair != HASH_NONE && !peers->pairs[pair].peer;
    return pair == HASH_NONE ? 0 : peers->pairs[pair].peer;
}
