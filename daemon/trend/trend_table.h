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
    uint32_t series; /* index in the pool + 1; 0: it has not moved */
    uint32_t since;  /* step at which it got known; 0: it is not known */
};

/* A counter that moved. */
struct trend_series {
    const struct meaning *meaning; /* NULL: free */
    const struct trend_table *source;
    uint32_t row;
    uint32_t moved;            /* the step at which it did last; of a free one: the next free, + 1 */
    float points[TREND_SLOTS]; /* by how much, at step % TREND_SLOTS; NAN: not known */
};

struct trend_pool {
    struct trend_series *items;
    uint32_t count; /* that were ever in use */
    size_t capacity;
    uint32_t free; /* index + 1 */
    struct limits *limits;
};

/* A table of a snapshot. */
struct trend_table {
    struct column_set *columns; /* NULL: there is no such table */
    struct row_set *rows;
    size_t watched_count;
    struct trend_watched *watched; /* the columns with a meaning */
    struct trend_cell *cells;      /* rows × watched */
    uint64_t published_ns;         /* of the snapshot they are from; 0: none of them is known */
    bool followed;                 /* there was one before it: a new row is one that came since */
    float elapsed[TREND_SLOTS];    /* seconds between the snapshots of a point; 0: no new snapshot */
};

/* Takes a table's values into the point of a step (counted from 1), any number of times. -ENOMEM: nothing of
 * the table is known then. */
int trend_table_take(struct trend_table *source, const struct table *table, uint64_t published_ns,
                     uint32_t step, struct trend_pool *pool);

/* Nothing is known until the next take(); the history stays. */
void trend_table_blind(struct trend_table *source);

/* True where one of the watched columns has the role. */
bool trend_table_has(const struct trend_table *source, enum role role);

/* Forgets everything. */
void trend_table_done(struct trend_table *source, struct trend_pool *pool);
