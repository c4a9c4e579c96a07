/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The inside of trend.c: what is remembered of one table between two steps, and the records of what moved.
 * Main thread, under the lock of the trend.
 */

#include <stdint.h>

#include "base/table/table.h"
#include "daemon/trend/trend.h"

/* The points kept of a counter: the finished ones, and the one that grows. */
enum { TREND_SLOTS = TREND_POINTS + 1 };

/* What is remembered of one counter. */
struct trend_cell {
    uint64_t value;
    uint32_t series; /* index in the pool plus 1; 0 if it has not moved */
    uint32_t since;  /* step at which it became known; 0 if not known */
};

/* A counter that moved. */
struct trend_series {
    const struct meaning *meaning;    /* NULL if it is watched only for the ledger, or free */
    const struct ledger_rule *rule;   /* NULL if it is no loss */
    const struct trend_table *source; /* NULL if free */
    uint32_t column;                  /* index in the table */
    uint32_t row;
    uint32_t moved;            /* the step of its last move; in a free record, the next free one plus 1 */
    float points[TREND_SLOTS]; /* how much it moved, at step % TREND_SLOTS; NAN if not known */
};

struct trend_pool {
    struct trend_series *items;
    uint32_t count; /* records that were ever in use */
    size_t capacity;
    uint32_t free; /* index plus 1 */
    struct limits *limits;
};

/* A table of a snapshot. */
struct trend_table {
    struct column_set *columns; /* NULL if there is no such table */
    struct row_set *rows;
    size_t watched_count;
    struct trend_watched *watched; /* the columns with a meaning, or a rule of the ledger */
    struct trend_cell *cells;      /* rows × watched */
    uint64_t published_ns;         /* of the snapshot that they are from; 0 if none is known */
    bool followed;                 /* the table before had these columns, so an unknown row is new */
    float elapsed[TREND_SLOTS];    /* seconds between the snapshots of a point; 0 if there was no new one */
};

/* Takes the values of a table into the point of a step (counted from 1), any number of times. Returns 0, or
 * -ENOMEM, and then nothing of the table is known. */
int trend_table_take(struct trend_table *source, const struct table *table, uint64_t published_ns,
                     uint32_t step, struct trend_pool *pool);

/* Says that nothing is known until the next trend_table_take(). The history stays. */
void trend_table_blind(struct trend_table *source);

/* Returns true if one of the watched columns has the role. */
bool trend_table_has(const struct trend_table *source, enum role role);

/* Forgets everything. */
void trend_table_done(struct trend_table *source, struct trend_pool *pool);
