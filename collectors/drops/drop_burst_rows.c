/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/drops/drop_burst_rows.h"

/* Makes the table of bursts of drops for a snapshot. The collector's thread. */

#include <errno.h>
#include <stdio.h>

#include "base/cleanup.h"

static const uint64_t bounds[DROP_BURST_STEPS - 1] = {1, 4, 16, 64, 256, 1024, 4096, 16384, 65536};
static const char *const labels[] = {"class", "device"};

void drop_burst_rows_done(struct drop_burst_rows *rows)
{
    column_set_unref(rows->columns);
    row_set_unref(rows->rows);
    *rows = (struct drop_burst_rows){};
}

static int columns_make(struct drop_burst_rows *rows, uint64_t window_ns)
{
    char help[256];
    const struct metric metric = {
        .name = "netdrop_kernel_drop_burst_packets",
        .help = help,
        .source = "tracepoint skb:kfree_skb, jiffies",
        .type = METRIC_HISTOGRAM,
        .role = ROLE_DROP_BURSTS,
        .from_zero = true,
        .bounds = bounds,
        .bound_count = ELEMENTS(bounds),
    };

    (void)snprintf(
        help, sizeof(help),
        "Bursts of drops, by their number of skbs: at one site, on one CPU, within %u ms (the tick of "
        "this kernel)",
        (unsigned)(window_ns / 1000000));
    return column_set_new(&metric, 1, &rows->columns);
}

static int rows_make(struct drop_burst_rows *rows, const struct drop_burst_table *bursts)
{
    _cleanup_(row_set_unrefp) struct row_set *set = NULL;
    int error = row_set_new(labels, ELEMENTS(labels), &set);

    for (size_t i = 0; i < bursts->count && error >= 0; i++) {
        const struct drop_burst_row *row = &bursts->rows[i];

        error = row_set_add(set, (const char *const[]){loss_class_name(row->loss_class), row->device});
    }
    if (error < 0)
        return error;
    row_set_replace(&rows->rows, take_ptr(set));
    rows->generation = bursts->generation;
    return 0;
}

int drop_burst_rows_fill(struct drop_burst_rows *rows, struct drop_burst_table *bursts, uint64_t window_ns,
                         struct snapshot *draft)
{
    struct table *table;
    int error = rows->columns ? 0 : columns_make(rows, window_ns);

    if (error == 0 && (!rows->rows || rows->generation != bursts->generation))
        error = rows_make(rows, bursts);
    if (error < 0)
        return error;
    table = snapshot_add_table(draft, rows->columns, rows->rows);
    if (!table)
        return -ENOMEM;
    for (size_t i = 0; i < bursts->count; i++) {
        uint64_t sizes[DROP_BURST_STEPS];

        drop_burst_sizes(&bursts->rows[i], sizes);
        table_set_histogram(table, i, 0, sizes, bursts->rows[i].skbs);
    }
    return 0;
}
