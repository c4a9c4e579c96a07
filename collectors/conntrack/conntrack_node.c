/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/conntrack/conntrack_node.h"

/* node_exporter's names for connection tracking, as in its collector/conntrack_linux.go: all are gauges
 * there. The collector's thread. */

#include "base/cleanup.h"
#include "collectors/conntrack/conntrack_parse.h"

#define METRIC(key, text, expression, field)                                                                 \
    {                                                                                                        \
        .metric = {.name = "node_nf_conntrack_" key, .help = text, .type = METRIC_GAUGE},                    \
        .ours = expression, NODE_SUM(CONNTRACK_##field)                                                      \
    }

static const struct node_metric metrics[] = {
    METRIC("entries", "Number of currently allocated flow entries for connection tracking",
           "netdrop_conntrack_entries", ENTRIES),
    METRIC("entries_limit", "Maximum size of connection tracking table", "netdrop_conntrack_entries_limit",
           ENTRIES_LIMIT),
    METRIC("stat_found", "Number of searched entries which were successful", NULL, FOUND),
    METRIC("stat_invalid", "Number of packets seen which can not be tracked",
           "netdrop_conntrack_invalid_total", INVALID),
    METRIC("stat_ignore", "Number of packets seen which are already connected to a conntrack entry", NULL,
           IGNORE),
    METRIC("stat_insert", "Number of entries inserted into the list", NULL, INSERT),
    METRIC("stat_insert_failed", "Number of entries for which list insertion was attempted but failed",
           "netdrop_conntrack_insert_failed_total", INSERT_FAILED),
    METRIC("stat_drop", "Number of packets dropped due to conntrack failure", "netdrop_conntrack_drop_total",
           DROP),
    METRIC("stat_early_drop",
           "Number of dropped conntrack entries to make room for new ones, if maximum table size was reached",
           "netdrop_conntrack_early_drop_total", EARLY_DROP),
    METRIC("stat_search_restart",
           "Number of conntrack table lookups which had to be restarted due to hashtable resizes", NULL,
           SEARCH_RESTART),
};

static const struct node_names conntrack = {
    .collector = "conntrack",
    .metrics = metrics,
    .count = ELEMENTS(metrics),
    .note =
        "Sums of the CPUs are modulo 2^32, as each of its terms is; node_exporter's are not, and step back when a "
        "CPU's wraps.",
};

const struct node_names *const conntrack_node[] = {&conntrack, NULL};
