/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/incident/bursts.h"

/* Finds how bursty a loss is. Any thread. */

#include "base/table/row_devices.h"
#include "base/table/table.h"
#include "daemon/incident/incident.h"

/* A burst is what one site drops on one CPU within about this time (netdrop_kernel_drop_burst_packets). */
#define WINDOW_SECONDS 0.004
/* A burst is shown if it has so many packets, and is so many times as large as the rate alone would bring. */
#define PACKETS_LEAST 16
#define TIMES_LEAST   8
/* The share of a row that an incident must have for the row to be its own. */
#define NEARLY_ALL 0.8

static struct bursts bursts_of_row(const struct table *table, size_t row, size_t column)
{
    const uint64_t *counts = table_histogram(table, row, column);
    struct bursts bursts = {};

    if (!counts || !table_get(table, row, column, &bursts.packets))
        return (struct bursts){};
    for (size_t i = 0; i < table->columns->columns[column].bucket_count; i++)
        bursts.count += counts[i];
    return bursts;
}

static void find_in_table(struct facts *facts, const struct table *table, size_t column)
{
    const struct label_value of_class = {"class", loss_class_name(facts->key.loss_class)};
    struct row_devices search = row_devices_begin(table->rows, facts->device);
    size_t row;

    if (facts->device_count != 1 || facts->bursts.count)
        return;
    while (row_devices_next(&search, &row))
        if (label_value_holds(&of_class, table->rows, row)) {
            facts->bursts = bursts_of_row(table, row, column);
            return;
        }
}

void bursts_find(struct facts *facts, size_t count, const struct snapshots *snapshots)
{
    struct table_walk walk = table_walk_begin(snapshots);
    const struct table *table;
    size_t column;

    while ((table = table_walk_role(&walk, ROLE_DROP_BURSTS, &column)))
        for (size_t i = 0; i < count; i++)
            find_in_table(&facts[i], table, column);
}

void bursts_judge(struct bursts_base *base, const struct bursts *now, struct incident *incident)
{
    double packets, count, usual = incident->rate * WINDOW_SECONDS;

    if (base->since_ns != incident->since_ns) {
        *base = (struct bursts_base){.since_ns = incident->since_ns};
        if ((double)incident->count < NEARLY_ALL * (double)now->packets) {
            base->bursts = *now;
            base->count = incident->count;
        }
    }
    packets = (double)(now->packets - base->bursts.packets);
    count = (double)(now->count - base->bursts.count);
    if ((double)(incident->count - base->count) < NEARLY_ALL * packets)
        return;
    if (count < 1 || now->count < base->bursts.count || packets < PACKETS_LEAST * count ||
        packets < TIMES_LEAST * usual * count)
        return;
    incident->spread = SPREAD_BURSTS;
    incident->burst = packets / count;
}
