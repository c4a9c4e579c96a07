/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/ethtool/ethtool_tables.h"

/* The tables of the ethtool collector: columns, rows and cells. The ethtool collector's thread. */

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "collectors/ethtool/ethtool_sums.h"
#include "collectors/ethtool/nic_meaning.h"

enum { LABELS_MAX = 5, COLUMNS_MAX = 2, BYTES_PER_MEGABIT = 1000 * 1000 / 8 };

static const struct shape {
    const char *labels[LABELS_MAX];
    size_t label_count;
    struct metric metrics[COLUMNS_MAX];
    size_t metric_count;
} shapes[ETHTOOL_TABLE_COUNT] = {
    [ETHTOOL_TABLE_INFO] = {{"device", "driver", "version", "firmware_version", "bus"},
                            5,
                            {{.name = "netdrop_ethtool_info",
                              .help = "Driver of the device, as it describes itself",
                              .source = "ETHTOOL_GDRVINFO",
                              .type = METRIC_INFO}},
                            1},
    [ETHTOOL_TABLE_STATISTIC] =
        {{"device", "statistic"},
         2,
         {{.name = "netdrop_ethtool_statistic_total",
           .help = "Statistic of the driver under its own name; # stands for the queue number, and the "
                   "value is the sum of all queues, past ones included",
           .source = "ETHTOOL_GSTATS",
           .type = METRIC_COUNTER}},
         1},
    [ETHTOOL_TABLE_QUEUE] = {{"device", "statistic", "queue"},
                             3,
                             {{.name = "netdrop_ethtool_queue_statistic_total",
                               .help = "Statistic of the driver for one queue, under the driver's name for "
                                       "it",
                               .source = "ETHTOOL_GSTATS",
                               .type = METRIC_COUNTER}},
                             1},
    [ETHTOOL_TABLE_VALUE] = {{"device", "statistic"},
                             2,
                             {{.name = "netdrop_ethtool_value",
                               .help = "Statistic of the driver that is not known to be a counter",
                               .source = "ETHTOOL_GSTATS",
                               .type = METRIC_UNKNOWN}},
                             1},
    [ETHTOOL_TABLE_LOSS] =
        {{"device", "direction", "cause"},
         3,
         {{.name = "netdrop_nic_lost_total",
           .help = "Packets lost by the NIC or its driver, by cause; all drivers share the causes, and no "
                   "packet is in two of them",
           .source = "ETHTOOL_GSTATS",
           .type = METRIC_COUNTER,
           .meaning = nic_meanings,
           .ledger = nic_ledger}},
         1},
    [ETHTOOL_TABLE_RINGS] = {{"device", "direction"},
                             2,
                             {{.name = "netdrop_nic_ring_entries",
                               .help = "Descriptors in a ring of the NIC, as set",
                               .source = "ETHTOOL_A_RINGS_RX, ETHTOOL_A_RINGS_TX",
                               .type = METRIC_GAUGE},
                              {.name = "netdrop_nic_ring_entries_limit",
                               .help = "Largest number of descriptors that a ring of the NIC can have",
                               .source = "ETHTOOL_A_RINGS_RX_MAX, ETHTOOL_A_RINGS_TX_MAX",
                               .type = METRIC_GAUGE}},
                             2},
    [ETHTOOL_TABLE_SPEED] = {{"device", "kind"},
                             2,
                             {{.name = "netdrop_link_speed_bytes_per_second",
                               .help = "Speed of the link, as set or negotiated",
                               .source = "ETHTOOL_A_LINKMODES_SPEED",
                               .unit = "bytes_per_second",
                               .type = METRIC_GAUGE}},
                             1},
    [ETHTOOL_TABLE_STANDARD] =
        {{"device", "group", "statistic"},
         3,
         {{.name = "netdrop_ethtool_standard_total",
           .help = "Statistic that the kernel defines for all drivers, by IEEE 802.3 or RFC 2819",
           .source = "ETHTOOL_MSG_STATS_GET, PAUSE_GET, FEC_GET",
           .type = METRIC_COUNTER}},
         1},
};

int ethtool_tables_open(struct ethtool_tables *tables)
{
    int error = 0;

    *tables = (struct ethtool_tables){};
    for (size_t i = 0; i < ETHTOOL_TABLE_COUNT && error == 0; i++)
        error = column_set_new(shapes[i].metrics, shapes[i].metric_count, &tables->columns[i]);
    if (error < 0)
        ethtool_tables_close(tables);
    return error;
}

void ethtool_tables_close(struct ethtool_tables *tables)
{
    for (size_t i = 0; i < ETHTOOL_TABLE_COUNT; i++) {
        column_set_unref(tables->columns[i]);
        row_set_unref(tables->rows[i]);
    }
    ethtool_readings_done(&tables->layout);
    free(tables->reading_rows);
    *tables = (struct ethtool_tables){};
}

/* Begins new row sets for the tables first to last. */
static int rows_begin(struct ethtool_tables *tables, enum ethtool_table first, enum ethtool_table last)
{
    for (size_t i = first; i <= last; i++) {
        struct row_set *rows;
        int error = row_set_new(shapes[i].labels, shapes[i].label_count, &rows);

        if (error < 0)
            return error;
        row_set_unref(tables->rows[i]);
        tables->rows[i] = rows;
    }
    return 0;
}

static void rows_end(struct ethtool_tables *tables, enum ethtool_table first, enum ethtool_table last)
{
    for (size_t i = first; i <= last; i++)
        row_set_seal(tables->rows[i]);
}

#define NO_ROW UINT32_MAX

static int add_info(struct ethtool_tables *tables, const struct ethtool_device *device)
{
    const struct ethtool_drvinfo *info = &device->info;
    int error;

    if (!device->has_info)
        return 0;
    error = row_set_add(
        tables->rows[ETHTOOL_TABLE_INFO],
        (const char *[]){device->label, info->driver, info->version, info->fw_version, info->bus_info});
    return error < 0 ? error : 0;
}

int ethtool_tables_devices(struct ethtool_tables *tables, struct ethtool_devices *devices, bool per_queue)
{
    int error = rows_begin(tables, ETHTOOL_TABLE_INFO, ETHTOOL_TABLE_LOSS);

    for (size_t i = 0; i < devices->count && error == 0; i++) {
        struct ethtool_device *device = devices->items[i];

        device->move_count = 0;
        error = add_info(tables, device);
        if (error == 0)
            error = ethtool_sums_rows(tables, device, per_queue);
    }
    if (error == 0)
        rows_end(tables, ETHTOOL_TABLE_INFO, ETHTOOL_TABLE_LOSS);
    return error;
}

static bool layout_equal(const struct ethtool_readings *a, const struct ethtool_readings *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (a->items[i].ifindex != b->items[i].ifindex || a->items[i].group != b->items[i].group ||
            a->items[i].item != b->items[i].item)
            return false;
    }
    return true;
}

static enum ethtool_table reading_table(const struct ethtool_reading *reading)
{
    return reading->group == ETHTOOL_GROUP_RINGS   ? ETHTOOL_TABLE_RINGS
           : reading->group == ETHTOOL_GROUP_SPEED ? ETHTOOL_TABLE_SPEED
                                                   : ETHTOOL_TABLE_STANDARD;
}

/* Adds the row of a reading. Size and limit of a ring share a row: they are neighbours, and `previous` is the
 * reading before. */
static int add_reading(struct ethtool_tables *tables, const struct ethtool_device *device,
                       const struct ethtool_reading *reading, const struct ethtool_reading *previous,
                       int previous_row)
{
    bool transmit = reading->item >= ETHTOOL_RING_TRANSMIT;

    switch (reading_table(reading)) {
    case ETHTOOL_TABLE_RINGS:
        if (previous && previous->ifindex == reading->ifindex && previous->group == reading->group &&
            (previous->item >= ETHTOOL_RING_TRANSMIT) == transmit)
            return previous_row;
        return row_set_add(
            tables->rows[ETHTOOL_TABLE_RINGS],
            (const char *[]){device->label, nic_direction_name(transmit ? NIC_TRANSMIT : NIC_RECEIVE)});
    case ETHTOOL_TABLE_SPEED:
        return row_set_add(tables->rows[ETHTOOL_TABLE_SPEED], (const char *[]){device->label, device->kind});
    default:
        return row_set_add(tables->rows[ETHTOOL_TABLE_STANDARD],
                           (const char *[]){device->label, ethtool_group_name(reading->group),
                                            ethtool_item_name(reading->group, reading->item)});
    }
}

static int add_readings(struct ethtool_tables *tables, const struct ethtool_devices *devices,
                        const struct ethtool_readings *readings)
{
    const struct ethtool_reading *previous = NULL;
    size_t hint = 0;
    int row = -1;

    for (size_t i = 0; i < readings->count; i++) {
        const struct ethtool_reading *reading = &readings->items[i];

        row = add_reading(tables, ethtool_devices_find(devices, reading->ifindex, &hint), reading, previous,
                          row);
        if (row < 0 && row != -EEXIST)
            return row;
        /* A duplicate reading has no row of its own. */
        tables->reading_rows[i] = row < 0 ? NO_ROW : (uint32_t)row;
        previous = reading;
    }
    return 0;
}

int ethtool_tables_readings(struct ethtool_tables *tables, const struct ethtool_devices *devices,
                            const struct ethtool_readings *readings, bool changed)
{
    uint32_t *reading_rows;
    int error;

    if (!changed && layout_equal(&tables->layout, readings))
        return 0;
    reading_rows = reallocarray(tables->reading_rows, readings->count + 1, sizeof(*reading_rows));
    if (!reading_rows)
        return -ENOMEM;
    tables->reading_rows = reading_rows;
    error = rows_begin(tables, ETHTOOL_TABLE_RINGS, ETHTOOL_TABLE_STANDARD);
    if (error == 0)
        error = add_readings(tables, devices, readings);
    tables->layout.count = 0;
    for (size_t i = 0; i < readings->count && error == 0; i++)
        error = ethtool_readings_add(&tables->layout, readings->items[i]);
    if (error == 0)
        rows_end(tables, ETHTOOL_TABLE_RINGS, ETHTOOL_TABLE_STANDARD);
    return error;
}

static void set_reading(struct snapshot *draft, const struct ethtool_reading *reading, uint32_t row)
{
    enum ethtool_table table = reading_table(reading);
    uint64_t value = reading->value;
    size_t column = 0;

    if (row == NO_ROW)
        return;
    if (table == ETHTOOL_TABLE_RINGS)
        column = reading->item == ETHTOOL_RING_RECEIVE_LIMIT || reading->item == ETHTOOL_RING_TRANSMIT_LIMIT;
    else if (table == ETHTOOL_TABLE_SPEED)
        value *= BYTES_PER_MEGABIT;
    table_set(&draft->tables[table], row, column, value);
}

int ethtool_tables_fill(const struct ethtool_tables *tables, const struct ethtool_readings *readings,
                        struct snapshot *draft)
{
    for (size_t i = 0; i < ETHTOOL_TABLE_COUNT; i++) {
        if (!snapshot_add_table(draft, tables->columns[i], tables->rows[i]))
            return -ENOMEM;
    }
    for (size_t i = 0; i < tables->rows[ETHTOOL_TABLE_INFO]->count; i++)
        table_set(&draft->tables[ETHTOOL_TABLE_INFO], i, 0, 1);
    for (size_t i = 0; i < readings->count; i++)
        set_reading(draft, &readings->items[i], tables->reading_rows[i]);
    return 0;
}
