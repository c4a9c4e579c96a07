/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The drop sites as tables of a snapshot: metrics, labels, cells. Label texts are rendered only when a site
 * comes or goes. One thread.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/table/snapshot.h"
#include "base/table/table.h"
#include "collectors/drops/drop_source.h"
#include "collectors/drops/drop_table.h"

enum {
    DROP_ROWS_SITES,
    DROP_ROWS_CLASSES,
    DROP_ROWS_FORGOTTEN,
    DROP_ROWS_SEGMENTS,
    DROP_ROWS_SOURCE,
    DROP_ROWS_LOST,
    DROP_ROWS_OVERFLOWS,
    DROP_ROWS_INFO,
    DROP_ROWS_COUNT
};

struct drop_rows {
    struct column_set *columns[DROP_ROWS_COUNT];
    struct row_set *rows[DROP_ROWS_COUNT];
    uint64_t generation; /* of the table of sites that was rendered */
    const char *mode;    /* that was rendered */
    bool label_offset;
};

/* Returns 0 or -ENOMEM, and then keeps what it made for drop_rows_done(). */
int drop_rows_init(struct drop_rows *rows, bool label_offset);
void drop_rows_done(struct drop_rows *rows); /* accepts a zeroed struct */

/* Adds all tables to the draft. Returns 0 or -ENOMEM. */
int drop_rows_fill(struct drop_rows *rows, const struct drop_table *sites, const char *source,
                   const struct drop_status *status, struct snapshot *draft);

/* Returns the label value of a namespace: "self", "other", or "". */
const char *drop_netns_name(enum drop_netns netns);

/* Makes a sealed row set with a row for each class. Returns 0 or -ENOMEM. */
int drop_rows_of_classes(struct row_set **ret_rows);
