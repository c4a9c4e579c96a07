/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The table: the one data type that crosses the program. A table is entities × metrics. A row is what a label
 * set names (a device; a device and a statistic; a drop site), a column is a metric.
 *
 * A table is a column set, a row set (row_set.h) and cells. The sets are immutable once made and
 * reference-counted (atomically: any thread may hold one); a collector makes a new one only when a field, an
 * entity or a label text changes, so that steady-state collection renders no text and allocates nothing.
 *
 * Cells are 64-bit and exact. An absent cell has no series. A histogram is one column, present or absent as a
 * whole: its cell is the sum, and only the encoder sees more; the counts of its buckets follow the cells of
 * all columns.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/table/created.h"
#include "base/table/ledger_rule.h"
#include "base/table/meaning.h"
#include "base/table/row_set.h"

enum metric_type {
    METRIC_COUNTER, /* name ends in _total */
    METRIC_GAUGE,
    METRIC_INFO,      /* name ends in _info, value 1; "gauge" in text 0.0.4, "info" in OpenMetrics */
    METRIC_HISTOGRAM, /* samples NAME_bucket{le}, NAME_sum and NAME_count */
    METRIC_UNKNOWN,   /* not known to be a counter: "untyped", "unknown" */
};

enum value_type {
    VALUE_UINT64,
    VALUE_INT64,   /* cell holds the two's complement */
    VALUE_SECONDS, /* cell holds nanoseconds, printed as seconds, exactly */
};

/* How readers other than the encoder find a metric, instead of by its name. */
enum role {
    ROLE_NONE,
    ROLE_DEVICES,         /* its table always has one row for each device */
    ROLE_DEVICE_UP,       /* its table makes the page's table of interfaces; 1 if up */
    ROLE_DEVICE_ADMIN_UP, /* in the same table; 1 if set up, even without a carrier */
    ROLE_DEVICE_ALIAS,    /* the label "alias" is what the owner calls the device; rows as in that table */
    ROLE_DROP_SITES,      /* a row is a drop site */
    ROLE_DROP_CAUSES, /* skbs by cause, stage, direction, class, device, netns and ip_version: since the start
                       */
    ROLE_DROP_CAUSE_SEGMENTS,    /* packets, in the same table */
    ROLE_DROPS_UNSEEN,           /* drops without a row */
    ROLE_DROPS_RECORDED,         /* packets that were recorded */
    ROLE_DEVICES_EXCLUDED,       /* devices that the filter leaves out, in the only row */
    ROLE_DROP_BURSTS,            /* a histogram of bursts of drops, by class and device */
    ROLE_WORKLOAD_DROPS,         /* skbs by class and workload */
    ROLE_RECEIVE_BUFFER,         /* bytes, of the sockets of a local port */
    ROLE_RECEIVE_BUFFER_DEFAULT, /* the buffer of a socket that sets none, in the only row */
    ROLE_RECEIVE_BUFFER_LIMIT,   /* the largest buffer that may be set, which the kernel then doubles */
    ROLE_LISTEN_LENGTH,          /* connections that wait for a listener on a local port */
    ROLE_LISTEN_LIMIT,           /* how many may wait, in the same table */
    ROLE_LISTEN_LIMIT_MOST,      /* the largest backlog that listen() gets, in the only row */
    ROLE_QUEUE_LIMIT, /* how much may wait in a queue, with labels device, kind, handle and parent */
    ROLE_PEERS,       /* its rows name veth devices ("device") and their other ends ("peer"; "": in another
                         namespace) */
};

/* A column, as collectors describe it. Texts are UTF-8. */
struct metric {
    const char *name;   /* as on the page, _total included */
    const char *help;   /* what it counts and what raises it: one sentence, no full stop */
    const char *source; /* the kernel's own name, "rtnl_link_stats64.rx_packets"; NULL if none */
    const char *unit;   /* of OpenMetrics, the suffix of the family's name ("bytes"); NULL if none */
    enum metric_type type;
    enum value_type value;
    const struct meaning *meaning; /* a table of meanings, or one that fits all rows (meaning_of_row()); NULL
                                      if the metric counts neither passed nor lost packets */
    enum role role;
    const struct ledger_rule *ledger; /* a table of rules, the first that fits counts; NULL if no loss */
    const char *title;  /* of its column in the page's table of interfaces; NULL if it has none there */
    bool internal;      /* for readers within the program only; never served */
    bool node_exporter; /* a name of node_exporter's: in the answer of those, and in no other */
    bool from_zero;     /* rows come and go, and a new row starts at 0 */

    /* For a histogram, whose values are VALUE_UINT64 or VALUE_SECONDS: the largest value of each bucket
     * except the last, which has no bound. Ascending, below 10^15, in the unit of the cells. Its rows have no
     * label "le". */
    const uint64_t *bounds;
    size_t bound_count;
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
    uint32_t family_size; /* length of the family's name in OpenMetrics */
    uint32_t header_size[EXPOSITION_COUNT];
    const char *header[EXPOSITION_COUNT]; /* "# HELP ...\n# TYPE ...\n" (and UNIT), escaped */
    enum metric_type type;
    enum value_type value;
    bool internal; /* for readers within the program, or one of node_exporter's */
    bool node_exporter;
    bool from_zero;
    enum role role; /* and these are as in the metric */
    const struct meaning *meaning;
    const struct ledger_rule *ledger;
    const char *title;

    /* For a histogram: the cell of the row where its buckets begin, their number, and their labels
     * ("le=\"1\"} " and what ends it), one after another. */
    uint32_t buckets;
    uint32_t bucket_count;
    uint32_t le_size[EXPOSITION_COUNT];
    const char *le[EXPOSITION_COUNT];
};

struct column_set {
    _Atomic unsigned references;
    size_t count;
    size_t width; /* cells of a row: one for each column, then the histograms' buckets */
    char *text;   /* all names and headers */
    struct column columns[];
};

/* Copies everything from `metrics` except meanings, rules and titles, which have static storage. Returns 0 or
 * -ENOMEM. */
int column_set_new(const struct metric *metrics, size_t count, struct column_set **ret_columns);
/* Replaces the columns in *place if the new ones have the same names at the same indexes, so that what is
 * remembered by index stays valid. Returns true if so. *place may be NULL, and then the result is false. */
bool column_set_follow(struct column_set **place, struct column_set *columns);
struct column_set *column_set_ref(struct column_set *columns);
struct column_set *column_set_unref(struct column_set *columns); /* accepts NULL, returns NULL */

struct table {
    struct column_set *columns;
    struct row_set *rows;
    struct created *created; /* since when rows of columns with from_zero count; NULL if that is not known */
    int64_t created_offset_ns; /* added to those times, gives CLOCK_REALTIME */
    uint64_t *cells;           /* row-major: rows->count × columns->width */
    uint64_t *present;         /* row-major bits: present_words for each row */
    size_t present_words;      /* 64-bit words of presence bits for each row */
    size_t cells_capacity;
    size_t present_capacity;
};

static inline void table_set(struct table *table, size_t row, size_t column, uint64_t value)
{
    table->cells[row * table->columns->width + column] = value;
    table->present[row * table->present_words + column / 64] |= UINT64_C(1) << (column % 64);
}

static inline bool table_get(const struct table *table, size_t row, size_t column, uint64_t *ret_value)
{
    if (!(table->present[row * table->present_words + column / 64] >> (column % 64) & 1))
        return false;
    *ret_value = table->cells[row * table->columns->width + column];
    return true;
}

/* Sets a whole histogram: how many values fell into each bucket (not cumulative), and the sum of all values.
 */
void table_set_histogram(struct table *table, size_t row, size_t column, const uint64_t *counts,
                         uint64_t sum);

/* Returns the counts of the buckets as they were set, or NULL if the histogram is absent. */
const uint64_t *table_histogram(const struct table *table, size_t row, size_t column);

/* Returns how many series one row of the column is, if it is there. */
static inline size_t column_series(const struct column *column)
{
    return column->type == METRIC_HISTOGRAM ? column->bucket_count + 2 : 1;
}

/* Returns the index of the column with this name, or -1 if there is none. */
int table_find_column(const struct table *table, const char *name);
int table_find_role(const struct table *table, enum role role);
