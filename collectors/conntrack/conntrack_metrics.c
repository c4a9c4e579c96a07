/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/conntrack/conntrack_metrics.h"

/* See conntrack_metrics.h. */

static const struct remedy remedy = {
    "conntrack", "Raise net.netfilter.nf_conntrack_max, or see who opens so many (conntrack -L)"};

static const struct meaning_limit table_limit = {
    .now = "netdrop_conntrack_entries",
    .most = "netdrop_conntrack_entries_limit",
    .unit = "connections tracked",
};

#define LOSS(the_class, the_detail, text, ...)                                                               \
    {                                                                                                        \
        .purpose = PURPOSE_LOSS, .stage = STAGE_NETWORK, .loss_class = LOSS_##the_class,                     \
        .subject = "conntrack", .cause = text, .remedy = &remedy, .layer = LAYER_HOST, .detail = the_detail, \
        ##__VA_ARGS__                                                                                        \
    }

static const struct meaning insert_failed = LOSS(ERROR, 1, "connection not entered");
static const struct meaning chain_too_long = LOSS(CAPACITY, 2, "hash chain too long");
static const struct meaning drop =
    LOSS(UNKNOWN, 3, "table full, no memory or a clash", .limit = &table_limit);

/* What each counts is read in net/netfilter/nf_conntrack_core.c, Linux 5.10 to 6.18: `drop` in
 * nf_conntrack_in() and nf_ct_resolve_clash(), the latter with `insert_failed`; `insert_failed` and
 * `chaintoolong` together in __nf_conntrack_confirm(). They overlap: nobody may add them up. */
const struct metric conntrack_metrics[CONNTRACK_FIELD_COUNT] = {
    [CONNTRACK_ENTRIES] = {.name = "netdrop_conntrack_entries",
                           .help = "Connections in the table",
                           .source = "nf_conntrack_count",
                           .type = METRIC_GAUGE},
    [CONNTRACK_ENTRIES_LIMIT] = {.name = "netdrop_conntrack_entries_limit",
                                 .help = "Connections that the table may hold; 0: any number",
                                 .source = "sysctl net.netfilter.nf_conntrack_max",
                                 .type = METRIC_GAUGE},
    [CONNTRACK_DROP] = {.name = "netdrop_conntrack_drop_total",
                        .help =
                            "Packets dropped because the table was full, for want of memory, because another "
                            "connection of the same addresses was put in first (insert_failed counts them "
                            "too), or because their connection ended under them (invalid too); modulo 2^32",
                        .source = "ip_conntrack_stat.drop",
                        .type = METRIC_COUNTER,
                        .meaning = &drop},
    [CONNTRACK_EARLY_DROP] = {.name = "netdrop_conntrack_early_drop_total",
                              .help =
                                  "Connections without traffic in both directions yet that were forgotten "
                                  "because the table was full; modulo 2^32",
                              .source = "ip_conntrack_stat.early_drop",
                              .type = METRIC_COUNTER},
    [CONNTRACK_INSERT_FAILED] = {.name = "netdrop_conntrack_insert_failed_total",
                                 .help =
                                     "Packets dropped because their connection could not be put into the "
                                     "table: another one of the same addresses was there (drop counts them "
                                     "too), a chain was too long (chain_too_long too), or it was deleted "
                                     "meanwhile; modulo 2^32",
                                 .source = "ip_conntrack_stat.insert_failed",
                                 .type = METRIC_COUNTER,
                                 .meaning = &insert_failed},
    [CONNTRACK_INVALID] = {.name = "netdrop_conntrack_invalid_total",
                           .help =
                               "Packets that fit no connection and can begin none, damaged ones included; "
                               "rules say what becomes of them, but for those that drop counts too; modulo "
                               "2^32",
                           .source = "ip_conntrack_stat.invalid",
                           .type = METRIC_COUNTER},
    [CONNTRACK_ERROR] = {.name = "netdrop_conntrack_error_total",
                         .help =
                             "ICMP packets that were damaged, or tell of a packet of no known connection; "
                             "modulo 2^32",
                         .source = "ip_conntrack_stat.error",
                         .type = METRIC_COUNTER},
    [CONNTRACK_CHAIN_TOO_LONG] = {.name = "netdrop_conntrack_chain_too_long_total",
                                  .help =
                                      "Packets dropped because their chain of the hash table was too long "
                                      "(insert_failed counts them too); modulo 2^32",
                                  .source = "ip_conntrack_stat.chaintoolong",
                                  .type = METRIC_COUNTER,
                                  .meaning = &chain_too_long},
};
