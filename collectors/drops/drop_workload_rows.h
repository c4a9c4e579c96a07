/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The workloads as tables of a snapshot, and their metrics. Label texts are rendered only when a workload
 * comes or goes. One thread.
 */

#include "base/table/snapshot.h"
#include "collectors/drops/drop_book.h"
#include "collectors/drops/drop_source.h"

enum {
    DROP_WORKLOAD_ROWS,
    DROP_WORKLOAD_INFO,
    DROP_WORKLOAD_FORGOTTEN,
    DROP_WORKLOAD_UDP,
    DROP_WORKLOAD_UDP_FORGOTTEN,
    DROP_WORKLOAD_TABLES
};

struct drop_workload_rows {
    struct column_set *columns[DROP_WORKLOAD_TABLES];
    struct row_set *rows[DROP_WORKLOAD_TABLES];
    uint64_t generation; /* of the tables of workloads that were rendered */
    uint64_t udp_generation;
    bool detail;
};

/* Returns 0 or -ENOMEM, and then keeps what it made for drop_workload_rows_done(). */
int drop_workload_rows_init(struct drop_workload_rows *rows, bool detail);
void drop_workload_rows_done(struct drop_workload_rows *rows); /* accepts a zeroed struct */

/* Adds all tables to the draft, and says how near they are to their limit. Returns 0 or -ENOMEM. */
int drop_workload_rows_fill(struct drop_workload_rows *rows, struct drop_book *book,
                            const struct drop_status *status, struct snapshot *draft);

extern const struct metric drop_workload_metrics[DROP_WORKLOAD_TABLES];
