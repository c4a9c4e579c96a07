/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The table: the one data type that crosses the program. A table is entities × metrics. Rows are what a label
 * set names (a device; a device and a statistic; a drop site), columns are metric descriptors.
 *
 * A table is a column set, a row set (row_set.h) and cells. The sets are immutable once made and
 * reference-counted (atomically: any thread may hold one); a collector makes a new one only when a field, an
 * entity or a label text changes, so that steady-state collection renders no text and allocates nothing.
 *
 * Cells are 64-bit and exact. A cell may be absent: it then has no series.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/table/meaning.h"
#include "base/table/row_set.h"

enum metric_type {
    METRIC_COUNTER, /* name ends in _total */
    METRIC_GAUGE,
    METRIC_INFO,    /* name ends in _info, value 1; "gauge" in text 0.0.4, "info" in OpenMetrics */
    METRIC_UNKNOWN, /* not known to be a counter: "untyped", "unknown" */
};

enum value_type {
    VALUE_UINT64,
    VALUE_INT64,   /* cell holds the two's complement */
    VALUE_SECONDS, /* cell holds nanoseconds, printed as seconds, exactly */
};

/* What readers other than the encoder look a metric up by, instead of by its name. */
enum role {
    ROLE_NONE,
    ROLE_DEVICES,   /* its table has a row for each device, always: who counts devices counts its rows */
    ROLE_DEVICE_UP, /* the page's table of interfaces is made of its table; 1: up */
    ROLE_DEVICE_ADMIN_UP, /* in the same table; 1: up, if it had a carrier */
    ROLE_DEVICE_ALIAS,    /* the label "alias" is what the owner calls the device; rows as in that table */
    ROLE_DROP_SITES,      /* a row is a place of the kernel that drops, with the labels that tell which */
};

/* A column descriptor, as collectors write it down. Texts are UTF-8. */
struct metric {
    const char *name;   /* as it stands on the page, _total included */
    const char *help;   /* what it counts, one sentence, no full stop */
    const char *source; /* the kernel's own name of the number, "rtnl_link_stats64.rx_packets"; NULL: none */
    const char *unit; /* OpenMetrics unit, the suffix of the family's name ("bytes", "seconds"); NULL: none */
    enum metric_type type;
    enum value_type value;
    const struct meaning *meaning; /* a table of them, or one that fits all rows (meaning_of_row());
                                      NULL: it does not tell of packets that went through or were lost */
    enum role role;
    const char *title; /* of its column in the page's table of interfaces; NULL: it has none there */
};

enum exposition {
    EXPOSITION_TEXT,        /* Prometheus text 0.0.4 */
    EXPOSITION_OPENMETRICS, /* OpenMetrics text 1.0.0 */
    EXPOSITION_COUNT
};

/* One column, ready to be encoded. */
struct column {
    const char *name;
    uint32_t name_size;
    uint32_t header_size[EXPOSITION_COUNT];
    const char *header[EXPOSITION_COUNT]; /* "# HELP ...\n# TYPE ...\n" (and UNIT), escaped */
    enum metric_type type;
    enum value_type value;
    const struct meaning *meaning; /* as the metric has them */
    enum role role;
    const char *title;
};

struct column_set {
    _Atomic unsigned references;
    size_t count;
    char *text; /* all names and headers */
    struct column columns[];
};

/* Copies everything out of `metrics` but meanings and titles, which have static storage. -ENOMEM. */
int column_set_new(const struct metric *metrics, size_t count, struct column_set **ret_columns);
struct column_set *column_set_ref(struct column_set *columns);
struct column_set *column_set_unref(struct column_set *columns); /* accepts NULL, returns NULL */

struct table {
    struct column_set *columns;
    struct row_set *rows;
    uint64_t *cells;      /* row-major: rows->count × columns->count */
    uint64_t *present;    /* row-major bits: present_words for each row */
    size_t present_words; /* 64-bit words of presence bits a row */
    size_t cells_capacity;
    size_t present_capacity;
};

static inline void table_set(struct table *table, size_t row, size_t column, uint64_t value)
{
    table->cells[row * table->columns->count + column] = value;
    table->present[row * table->present_words + column / 64] |= UINT64_C(1) << (column % 64);
}

static inline bool table_get(const struct table *table, size_t row, size_t column, uint64_t *ret_value)
{
    if (!(table->present[row * table->present_words + column / 64] >> (column % 64) & 1))
        return false;
    *ret_value = table->cells[row * table->columns->count + column];
    return true;
}

/* The column's index in the table, or -1. */
int table_find_column(const struct table *table, const char *name);
int table_find_role(const struct table *table, enum role role);
