/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/drops/drop_cause_rows.h"

/* Makes the internal table of drops by cause, which the ledger reads. The collector's thread. */

#include <errno.h>

#include "base/cleanup.h"
#include "collectors/drops/drop_rows.h"

enum { COLUMN_SKBS, COLUMN_SEGMENTS };

static const struct metric metrics[] = {
    [COLUMN_SKBS] = {.name = "netdrop_ledger_cause_skbs",
                     .help = "Skbs dropped since the start, by cause",
                     .type = METRIC_COUNTER,
                     .role = ROLE_DROP_CAUSES,
                     .internal = true,
                     .from_zero = true},
    [COLUMN_SEGMENTS] = {.name = "netdrop_ledger_cause_segments",
                         .help = "Packets that these were: of a segmented skb each counts",
                         .type = METRIC_COUNTER,
                         .role = ROLE_DROP_CAUSE_SEGMENTS,
                         .internal = true,
                         .from_zero = true},
};

static const char *const labels[] = {"cause", "stage", "direction", "class", "device", "netns", "ip_version"};

static int add_row(struct row_set *rows, const struct drop_cause_row *row)
{
    const struct cause_meaning *cause = &cause_meanings[row->key.cause];
    const char *version = row->key.ip_version == 4 ? "4" : row->key.ip_version == 6 ? "6" : "";

    return row_set_add(rows, (const char *const[ELEMENTS(labels)]){
                                 cause->name, stage_name(cause->stage), direction_name(row->key.direction),
                                 loss_class_name(cause->loss_class), row->device,
                                 drop_netns_name(row->key.netns), version});
}

static int render(struct drop_cause_rows *rows, const struct drop_cause_table *causes)
{
    _cleanup_(row_set_unrefp) struct row_set *set = NULL;
    int error = row_set_new(labels, ELEMENTS(labels), &set);

    for (size_t i = 0; i < causes->count && error >= 0; i++)
        error = add_row(set, &causes->rows[i]);
    if (error < 0)
        return error;
    row_set_replace(&rows->rows, take_ptr(set));
    return 0;
}

void drop_cause_rows_done(struct drop_cause_rows *rows)
{
    column_set_unref(rows->columns);
    row_set_unref(rows->rows);
    *rows = (struct drop_cause_rows){};
}

/* Rows are never removed, so an equal number of rows means the same rows. */
static int prepare(struct drop_cause_rows *rows, const struct drop_cause_table *causes)
{
    int error = rows->columns ? 0 : column_set_new(metrics, ELEMENTS(metrics), &rows->columns);

    return error == 0 && (!rows->rows || rows->rows->count != causes->count) ? render(rows, causes) : error;
}

int drop_cause_rows_fill(struct drop_cause_rows *rows, const struct drop_cause_table *causes,
                         struct snapshot *draft)
{
    int error = prepare(rows, causes);
    struct table *table = error == 0 ? snapshot_add_table(draft, rows->columns, rows->rows) : NULL;

    for (size_t i = 0; table && i < causes->count; i++) {
        table_set(table, i, COLUMN_SKBS, causes->rows[i].skbs);
        table_set(table, i, COLUMN_SEGMENTS, causes->rows[i].segments);
    }
    return table ? 0 : -ENOMEM;
}
