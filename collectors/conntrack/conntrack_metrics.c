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
static const struct meaning drop = LOSS(CAPACITY, 3, "table full", .limit = &table_limit);

const struct metric conntrack_metrics[CONNTRACK_FIELD_COUNT] = {
    [CONNTRACK_ENTRIES] = {.name = "netdrop_conntrack_entries",
                           .help = "Connections in the table",
                           .source = "nf_conntrack_count",
                           .type = METRIC_GAUGE},
    [CONNTRACK_ENTRIES_LIMIT] = {.name = "netdrop_conntrack_entries_limit",
                                 .help = "Connections that the table may hold",
                                 .source = "sysctl net.netfilter.nf_conntrack_max",
                                 .type = METRIC_GAUGE},
    [CONNTRACK_DROP] = {.name = "netdrop_conntrack_drop_total",
                        .help =
                            "Packets dropped because the table was full, or for want of memory; modulo 2^32",
                        .source = "ip_conntrack_stat.drop",
                        .type = METRIC_COUNTER,
                        .meaning = &drop},
    [CONNTRACK_EARLY_DROP] = {.name = "netdrop_conntrack_early_drop_total",
                              .help = "Connections not yet established that were forgotten because the table "
                                      "was full; modulo 2^32",
                              .source = "ip_conntrack_stat.early_drop",
                              .type = METRIC_COUNTER},
    [CONNTRACK_INSERT_FAILED] = {.name = "netdrop_conntrack_insert_failed_total",
                                 .help = "Packets dropped because their connection could not be put into the "
                                         "table: another one of the same addresses was there; modulo 2^32",
                                 .source = "ip_conntrack_stat.insert_failed",
                                 .type = METRIC_COUNTER,
                                 .meaning = &insert_failed},
    [CONNTRACK_INVALID] = {.name = "netdrop_conntrack_invalid_total",
                           .help =
                               "Packets that fit no connection and can begin none; rules say what becomes "
                               "of them; modulo 2^32",
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
                                      "Packets dropped because their chain of the hash table was too long; "
                                      "modulo 2^32",
                                  .source = "ip_conntrack_stat.chaintoolong",
                                  .type = METRIC_COUNTER,
                                  .meaning = &chain_too_long},
};
