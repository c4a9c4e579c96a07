/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The coarse side of the ledger: the counters of loss in one table of a collector, and what is remembered of
 * each. It passes what they add to the callbacks of struct ledger_round. Under the lock of the ledger.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/table/table.h"
#include "daemon/ledger/ledger_drops.h"
#include "daemon/ledger/ledger_peers.h"
#include "daemon/ledger/ledger_records.h"

struct ledger_table;

/* What a table is compared with, and the callbacks that get the results. */
struct ledger_round {
    const struct ledger_drops *drops;
    const struct ledger_peers *peers;
    struct ledger_names *causes;
    uint64_t ended_ns;
    bool blind; /* true if no drop sites are counted */
    bool base;  /* true if drops are known that were read before the table; unless blind, later ones are known
                   too */

    /* Returns true if a metric has a row of the device. */
    bool (*told)(void *data, const char *metric, uint64_t device);
    /* Adds packets to a row. May return -ENOMEM, and then the packets are passed again. */
    int (*give)(void *data, const struct ledger_key *key, uint64_t packets);
    /* Says that drops which would explain the rest are in a namespace that nobody sees. */
    void (*unseen)(void *data);
    void *data;
};

struct ledger_table {
    struct column_set *columns; /* NULL if there is no such table */
    struct row_set *rows;
    struct ledger_watched *watched; /* the columns with rules */
    size_t watched_count;
    struct ledger_cell *cells; /* rows × watched */
    struct ledger_records records;
    uint64_t settled_ns; /* publishing time of the last compared snapshot; 0 if none */
};

/* Compares the counters of the table, once. Returns 0, or -ENOMEM, and then the rest is compared next time.
 * */
int ledger_table_settle(struct ledger_table *known, const struct table *table,
                        const struct ledger_round *round);

/* Forgets the counters until they are compared again. */
void ledger_table_blind(struct ledger_table *known);
void ledger_table_done(struct ledger_table *known); /* accepts a zeroed struct */

/* Returns true if the metric has a row of that device in the table. */
bool ledger_table_tells(const struct ledger_table *known, const char *metric, uint64_t device);
