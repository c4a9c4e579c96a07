/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What the ledger shows: rows of lost and of refused packets, sums by stage, and what is missing. Under the
 * lock of the ledger.
 */

#include "base/limits.h"
#include "base/table/snapshot.h"
#include "daemon/ledger/ledger.h"
#include "daemon/ledger/ledger_metrics.h"
#include "daemon/ledger/ledger_rows.h"

/* A stage and a direction, in the order of stages. */
enum { LEDGER_WAYS = STAGE_COUNT * DIRECTION_COUNT };

/* Why lost packets may be missing. */
enum ledger_reason {
    LEDGER_SITES_NOT_COUNTED,
    LEDGER_COUNTERS_NOT_READ, /* a collector is off or fails */
    LEDGER_EVENTS_LOST,
    LEDGER_NAMESPACES_UNSEEN,
    LEDGER_REASON_COUNT
};

struct ledger_sheet {
    struct ledger_rows lost;
    struct ledger_rows refused;
    uint64_t ways[LEDGER_WAYS][LOSS_CLASS_COUNT];
    bool shown[LEDGER_WAYS]; /* has rows */
    bool complete[LEDGER_REASON_COUNT];
    uint64_t unseen;
    struct column_set *columns[LEDGER_FAMILY_COUNT];
    struct row_set *rendered[LEDGER_FAMILY_COUNT];
    size_t rendered_count[2]; /* rendered rows of lost and of refused packets */
    bool ways_moved;          /* shown ways have no rows yet */
};

/* Makes an empty sheet. Returns 0 or -ENOMEM. */
int ledger_sheet_init(struct ledger_sheet *sheet, struct limits *limits);
void ledger_sheet_done(struct ledger_sheet *sheet); /* accepts a zeroed struct */

/* Adds packets to a row. *row is its number, or -1 if it is not known yet. Classes that are no loss (benign,
 * copy) have no row. Returns 0, or -ENOMEM, and then nothing was added. */
int ledger_sheet_add(struct ledger_sheet *sheet, const struct ledger_key *key, int *row, uint64_t packets);

/* Sets how many drops since the start have neither site nor cause. */
void ledger_sheet_unseen(struct ledger_sheet *sheet, uint64_t unseen);

/* Sets whether no packet is missing for that reason. */
void ledger_sheet_complete(struct ledger_sheet *sheet, enum ledger_reason reason, bool complete);

/* Copies the rows. Returns 0 or -ENOMEM. */
int ledger_sheet_read(const struct ledger_sheet *sheet, struct ledger_reading *reading);

int ledger_sheet_fill(struct ledger_sheet *sheet, struct snapshot *draft); /* returns 0 or -ENOMEM */
