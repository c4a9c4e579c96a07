/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The bursts as a table of a snapshot, and their metric, whose help tells the running kernel's window. One
 * thread. */

#include "base/table/snapshot.h"
#include "collectors/drops/drop_burst_table.h"

struct drop_burst_rows {
    struct column_set *columns;
    struct row_set *rows;
    uint64_t generation; /* of the table of bursts that was rendered */
};

void drop_burst_rows_done(struct drop_burst_rows *rows); /* accepts a zeroed struct */

/* Adds the table to the draft. Returns 0 or -ENOMEM. */
int drop_burst_rows_fill(struct drop_burst_rows *rows, struct drop_burst_table *bursts, uint64_t window_ns,
                         struct snapshot *draft);
