/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The ethtool collector's tables: their columns, their rows, and which cell a number belongs to. Rows are
 * made again only when devices, strings or the set of readings changed. Runs on the ethtool collector's
 * thread.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/table/snapshot.h"
#include "base/table/table.h"
#include "collectors/ethtool/ethtool_device.h"
#include "collectors/ethtool/ethtool_netlink.h"

enum ethtool_table {
    ETHTOOL_TABLE_INFO,
    ETHTOOL_TABLE_STATISTIC,
    ETHTOOL_TABLE_QUEUE,
    ETHTOOL_TABLE_VALUE,
    ETHTOOL_TABLE_LOSS,
    ETHTOOL_TABLE_RINGS,
    ETHTOOL_TABLE_SPEED,
    ETHTOOL_TABLE_STANDARD,
    ETHTOOL_TABLE_COUNT
};

struct ethtool_tables {
    struct column_set *columns[ETHTOOL_TABLE_COUNT];
    struct row_set *rows[ETHTOOL_TABLE_COUNT];
    struct ethtool_readings layout; /* the readings that the rows were made for */
    uint32_t *reading_rows;         /* the row of each of them */
};

int ethtool_tables_open(struct ethtool_tables *tables);   /* Returns 0 or -ENOMEM. */
void ethtool_tables_close(struct ethtool_tables *tables); /* accepts a zeroed struct */

/* Makes the rows of what comes by ioctl, and the moves of each device. Returns 0 or -ENOMEM. */
int ethtool_tables_devices(struct ethtool_tables *tables, struct ethtool_devices *devices, bool per_queue);

/* Makes the rows of the readings, where they differ from those before or `changed` says that devices do. Each
 * reading is of one of the devices. Returns 0 or -ENOMEM. */
int ethtool_tables_readings(struct ethtool_tables *tables, const struct ethtool_devices *devices,
                            const struct ethtool_readings *readings, bool changed);

/* Adds all tables to the draft, with the infos and readings in their cells. Returns 0 or -ENOMEM. */
int ethtool_tables_fill(const struct ethtool_tables *tables, const struct ethtool_readings *readings,
                        struct snapshot *draft);
