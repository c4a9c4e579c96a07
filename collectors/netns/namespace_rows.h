/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What namespaces counted as tables of a snapshot. Texts are rendered only when a workload comes or goes. One
 * thread. */

#include "base/table/snapshot.h"
#include "collectors/netns/namespace_book.h"

struct namespace_rows {
    struct namespace_columns columns;
    struct column_set *totals; /* by counter */
    struct column_set *count;  /* of namespaces */
    struct row_set *single;
    struct row_set *rows[NAMESPACE_TABLE_COUNT];
    uint64_t generation; /* of the book that they are of */
};

int namespace_rows_init(struct namespace_rows *rows);  /* returns 0 or -ENOMEM; call _done() in either case */
void namespace_rows_done(struct namespace_rows *rows); /* accepts a zeroed struct */

/* Adds all tables to the draft, and says how near they are to their limits. Returns 0 or -ENOMEM. */
int namespace_rows_fill(struct namespace_rows *rows, struct namespace_book *book, struct snapshot *draft);
