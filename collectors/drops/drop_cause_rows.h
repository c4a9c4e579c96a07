/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The causes as a table of a snapshot that only the program itself reads (ROLE_DROP_CAUSES). Label texts are
 * rendered only when a row comes. One thread.
 */

#include "base/table/snapshot.h"
#include "base/table/table.h"
#include "collectors/drops/drop_cause_table.h"

struct drop_cause_rows {
    struct column_set *columns;
    struct row_set *rows;
};

void drop_cause_rows_done(struct drop_cause_rows *rows); /* accepts a zeroed struct, which is a new one */

/* Adds the table to the draft. Returns 0 or -ENOMEM. */
int drop_cause_rows_fill(struct drop_cause_rows *rows, const struct drop_cause_table *causes,
                         struct snapshot *draft);
