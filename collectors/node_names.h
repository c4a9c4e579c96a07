/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * node_exporter's names for the numbers of a collector. Each collector has a table: names, types and help as
 * in node_exporter 1.5 to 1.12, and for each name the numbers of which it is the sum. The columns that are
 * made from it are served at a path of their own (web.node_exporter_path), and docs/from-node-exporter.md is
 * written from it. Constant data, except for the columns.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/table/table.h"

enum { NODE_PARTS_MAX = 4, NODE_VALUES_MAX = 64 };

struct node_metric {
    struct metric metric;
    uint8_t parts[NODE_PARTS_MAX]; /* indexes of the collector's own numbers */
    uint8_t part_count;            /* 0 if the collector fills it in itself */
    const char *ours; /* the same as an expression of the metrics of /metrics; NULL if not there */
    const char *note; /* what differs from node_exporter; NULL if nothing */
};

#define NODE_SUM(...)                                                                                        \
    .parts = {__VA_ARGS__}, .part_count = sizeof((const uint8_t[]){__VA_ARGS__}) / sizeof(uint8_t)

/* What one of our collectors has of one of node_exporter's. */
struct node_names {
    const char *collector; /* node_exporter's: "netdev" */
    const struct node_metric *metrics;
    size_t count;
    const char *note; /* what holds for all of them; NULL if nothing */
};

/* Makes the columns of these metrics. Returns 0 or -ENOMEM. */
int node_columns_new(const struct node_names *names, struct column_set **ret_columns);

/* Fills a row of a table with these columns. Bit i of `present` says that values[i] is known. A metric is
 * present if its first part is; its other parts count as 0 if they are not known, as in node_exporter. */
void node_fill(const struct node_names *names, struct table *table, size_t row, const uint64_t *values,
               uint64_t present);
