/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/conntrack/conntrack_metrics.h"

/* The columns of the connection tracking tables, with their HELP and meaning. Constant data; any thread. */

static const struct remedy remedy = {
    "conntrack", "Raise net.netfilter.nf_conntrack_max, or see who opens so many (conntrack -L)"};

static const struct meaning_limit table_limit = {
    .now = "netdrop_conntrack_entries",
    .most = "netdrop_conntrack_entries_limit",
    .unit = "connections tracked",
};

#define LOSS(the_class, text, ...)                                                                           \
    {                                                                                                        \
        .purpose = PURPOSE_LOSS, .stage = STAGE_NETWORK, .loss_class = LOSS_##the_class,                     \
        .subject = "conntrack", .cause = text, .remedy = &remedy, ##__VA_ARGS__                              \
    }

static const struct meaning insert_failed = LOSS(ERROR, "connection not entered");
static const struct meaning chain_too_long = LOSS(CAPACITY, "hash chain too long");
static const struct meaning drop = LOSS(UNKNOWN, "table full, no memory or a clash", .limit = &table_limit);

/* nf_hook_slow() frees a packet that connection tracking drops as if a rule had dropped it (netfilter_rule).
 * Only these counters know better. So the ledger has such packets both as lost and as refused. */
#define ROW(the_class, name, text)                                                                           \
    {                                                                                                        \
        {.mode = LEDGER_ROW,                                                                                 \
         .stage = STAGE_NETWORK,                                                                             \
         .loss_class = LOSS_##the_class,                                                                     \
         .cause = name,                                                                                      \
         .source = text},                                                                                    \
            {},                                                                                              \
    }
#define RULE(the_mode, text)                                                                                 \
    {                                                                                                        \
        {.mode = LEDGER_##the_mode, .source = text}, {},                                                     \
    }

static const struct ledger_rule drop_ledger[] = ROW(
    UNKNOWN, "conntrack_drop",
    "nf_conntrack_core.c nf_conntrack_in() (table full, no memory), nf_ct_resolve_clash(), "
    "__nf_conntrack_confirm(), nf_confirm(): NF_DROP, which nf_hook_slow() frees as if a rule had said so");
static const struct ledger_rule chain_too_long_ledger[] = ROW(
    CAPACITY, "conntrack_chain_too_long",
    "nf_conntrack_core.c __nf_conntrack_confirm(): NF_DROP, which nf_hook_slow() frees as if a rule had said so");
static const struct ledger_rule insert_failed_ledger[] =
    RULE(DETAIL,
         "nf_conntrack_core.c nf_ct_resolve_clash(), __nf_conntrack_confirm(); drop and chain_too_long have "
         "them, but for a connection that was deleted meanwhile");
static const struct ledger_rule early_drop_ledger[] =
    RULE(SYMPTOM, "nf_conntrack_core.c early_drop_list(): connections, not packets");
static const struct ledger_rule invalid_ledger[] =
    RULE(SYMPTOM, "nf_conntrack_core.c nf_conntrack_in(): NF_ACCEPT, rules decide about the packet");
static const struct ledger_rule error_ledger[] =
    RULE(SYMPTOM, "nf_conntrack_core.c nf_conntrack_handle_icmp(): NF_ACCEPT, rules decide about the packet");

/* From net/netfilter/nf_conntrack_core.c, Linux 5.10 to 6.18: nf_conntrack_in() and nf_ct_resolve_clash()
 * count `drop`, the latter also `insert_failed`. __nf_conntrack_confirm() counts `insert_failed` and
 * `chaintoolong` together. The counters overlap: do not add them up. */
const struct metric conntrack_metrics[CONNTRACK_SHOWN_COUNT] = {
    [CONNTRACK_ENTRIES] = {.name = "netdrop_conntrack_entries",
                           .help = "Connections in the connection tracking table",
                           .source = "nf_conntrack_count",
                           .type = METRIC_GAUGE},
    [CONNTRACK_ENTRIES_LIMIT] = {.name = "netdrop_conntrack_entries_limit",
                                 .help = "Connections that the connection tracking table may hold; 0 means "
                                         "no limit",
                                 .source = "sysctl net.netfilter.nf_conntrack_max",
                                 .type = METRIC_GAUGE},
    [CONNTRACK_DROP] = {.name = "netdrop_conntrack_drop_total",
                        .help = "Packets dropped: table full, no memory, clash with another connection (also "
                                "in insert_failed), or connection gone (also in invalid); modulo 2^32",
                        .source = "ip_conntrack_stat.drop",
                        .type = METRIC_COUNTER,
                        .meaning = &drop,
                        .ledger = drop_ledger},
    [CONNTRACK_EARLY_DROP] = {.name = "netdrop_conntrack_early_drop_total",
                              .help =
                                  "Connections removed before they had traffic in both directions, because "
                                  "the table was full; modulo 2^32",
                              .source = "ip_conntrack_stat.early_drop",
                              .type = METRIC_COUNTER,
                              .ledger = early_drop_ledger},
    [CONNTRACK_INSERT_FAILED] = {.name = "netdrop_conntrack_insert_failed_total",
                                 .help =
                                     "Packets dropped because their connection did not get into the table: "
                                     "clash (also in drop), chain too long, or deleted; modulo 2^32",
                                 .source = "ip_conntrack_stat.insert_failed",
                                 .type = METRIC_COUNTER,
                                 .meaning = &insert_failed,
                                 .ledger = insert_failed_ledger},
    [CONNTRACK_INVALID] = {.name = "netdrop_conntrack_invalid_total",
                           .help = "Packets that belong to no connection and can begin none; firewall rules "
                                   "decide about them, except those also in drop; modulo 2^32",
                           .source = "ip_conntrack_stat.invalid",
                           .type = METRIC_COUNTER,
                           .ledger = invalid_ledger},
    [CONNTRACK_ERROR] = {.name = "netdrop_conntrack_error_total",
                         .help = "ICMP packets that are damaged or quote a packet of no known connection; "
                                 "modulo 2^32",
                         .source = "ip_conntrack_stat.error",
                         .type = METRIC_COUNTER,
                         .ledger = error_ledger},
    [CONNTRACK_CHAIN_TOO_LONG] = {.name = "netdrop_conntrack_chain_too_long_total",
                                  .help =
                                      "Packets dropped because their chain in the hash table was too long "
                                      "(also in insert_failed); modulo 2^32",
                                  .source = "ip_conntrack_stat.chaintoolong",
                                  .type = METRIC_COUNTER,
                                  .meaning = &chain_too_long,
                                  .ledger = chain_too_long_ledger},
};
