/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/node_names.h"

/* Makes the tables of node_exporter's names from a collector's own columns, so that no collector adds them up
 * in code of its own. The thread of the collector whose table it is. */

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"

int node_columns_new(const struct node_names *names, struct column_set **ret_columns)
{
    _cleanup_(freep) struct metric *metrics = calloc(names->count, sizeof(*metrics));

    if (!metrics)
        return -ENOMEM;
    for (size_t i = 0; i < names->count; i++) {
        metrics[i] = names->metrics[i].metric;
        metrics[i].node_exporter = true;
    }
    return column_set_new(metrics, names->count, ret_columns);
}

void node_fill(const struct node_names *names, struct table *table, size_t row, const uint64_t *values,
               uint64_t present)
{
    for (size_t i = 0; i < names->count; i++) {
        const struct node_metric *metric = &names->metrics[i];
        uint64_t sum = 0;

        if (!metric->part_count || !(present >> metric->parts[0] & 1))
            continue;
        for (size_t part = 0; part < metric->part_count; part++)
            if (present >> metric->parts[part] & 1)
                sum += values[metric->parts[part]];
        table_set(table, row, i, sum);
    }
}
