/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The columns of netdrop_link_*: names, help, and which number of a link goes where. Immutable once made. */

#include <stdint.h>

#include "base/table/table.h"
#include "collectors/kernel/link_parse.h"

enum link_selection {
    LINK_COLUMNS_ALL,
    LINK_COLUMNS_LOSS, /* no packets, bytes, attributes */
};

struct link_columns {
    struct column_set *set; /* statistics first, then numbers */
    size_t statistic_count;
    size_t number_count;
    uint8_t statistics[LINK_STATISTIC_COUNT]; /* index into link_statistics.values, ascending */
    uint8_t numbers[LINK_SHOWN_COUNT];        /* of the column: enum link_number */
};

extern const struct metric link_info_metric;
extern const struct metric link_peer_metric; /* for the ledger: in no answer */
extern const struct metric link_excluded_metric;
extern const struct metric link_workload_metric;

/* Returns 0 or -ENOMEM. */
int link_columns_init(struct link_columns *columns, enum link_selection selection);
void link_columns_done(struct link_columns *columns);

/* Sets the cells of one row. What the kernel did not say stays absent. */
void link_columns_fill(const struct link_columns *columns, struct table *table, size_t row,
                       const struct link_statistics *statistics, const struct link *link);
