/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Which counters of another network namespace are shown: those of loss, in snmp, netstat, snmp6 and dev. A
 * counter has a number here; where it stands in the tables follows from its name (snmp_name.h), and so do its
 * HELP and its meaning: the same as those of our own namespace. Pure.
 */

#include <stdint.h>

#include "base/table/table.h"

enum namespace_file {
    NAMESPACE_SNMP,
    NAMESPACE_NETSTAT,
    NAMESPACE_SNMP6,
    NAMESPACE_DEV,
    NAMESPACE_FILE_COUNT
};

/* By number: first those of protocols, as the kernel names them; then those of devices. */
struct namespace_counter {
    enum namespace_file file;
    const char *protocol; /* "Udp6" */
    const char *field;    /* "RcvbufErrors" */
};

enum {
    NAMESPACE_PROTOCOL_COUNTERS = 74,
    NAMESPACE_DEVICE_COUNTERS = 8, /* in the order of a line of dev */
    NAMESPACE_COUNTERS = NAMESPACE_PROTOCOL_COUNTERS + NAMESPACE_DEVICE_COUNTERS,
};

/* NAMESPACE_PROTOCOL_COUNTERS of them. */
extern const struct namespace_counter namespace_counters[];

/* Tables of rows of workloads. */
enum namespace_table {
    NAMESPACE_PLAIN,     /* a row a workload */
    NAMESPACE_VERSIONED, /* two: of IPv4 and of IPv6 */
    NAMESPACE_TABLE_COUNT
};

/* Where a counter stands. */
struct namespace_cell {
    uint8_t table; /* enum namespace_table */
    uint8_t column;
    uint8_t row; /* of the workload's: 1 of IPv6 */
};

struct namespace_columns {
    struct column_set *sets[NAMESPACE_TABLE_COUNT];
    struct namespace_cell cells[NAMESPACE_COUNTERS];
    struct row_set *counters; /* a row for each counter, by its name */
};

/* Returns 0 or -ENOMEM. Call namespace_columns_done() in either case. */
int namespace_columns_init(struct namespace_columns *columns);
void namespace_columns_done(struct namespace_columns *columns); /* accepts a zeroed struct */
