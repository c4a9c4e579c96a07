/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/softnet/softnet_metrics.h"

/* The columns of the softnet collector, with their HELP and meaning. Constant data; any thread. */

#include "collectors/meaning/remedy.h"

static const struct meaning_limit backlog_limit = {
    .now = "netdrop_softnet_backlog_limit_packets",
    .unit = "packets in the backlog of a CPU",
};

static const struct meaning dropped = {
    .purpose = PURPOSE_LOSS,
    .stage = STAGE_INGRESS,
    .direction = DIRECTION_RECEIVE,
    .loss_class = LOSS_CAPACITY,
    .subject = "softnet",
    .cause = "CPU backlog full",
    .remedy = &remedies[REMEDY_BACKLOG],
    .limit = &backlog_limit,
};

static const struct ledger_rule dropped_ledger[] = {
    {.mode = LEDGER_DETAIL,
     .by = {{"cpu_backlog_full", JOIN_HOST}},
     .source =
         "net/core/dev.c enqueue_to_backlog(): freed there; the device's receive_dropped and drop sites count "
         "it too. All namespaces"},
    {},
};

/* Both tables have the same counters under other names. */
#define COUNTERS(prefix, whose, dropped_meaning)                                                             \
    [SOFTNET_PROCESSED] = {.name = prefix "processed_total",                                                 \
                           .help = "Packets received and processed" whose,                                   \
                           .source = "softnet_data.processed",                                               \
                           .type = METRIC_COUNTER},                                                          \
    [SOFTNET_DROPPED] = {.name = prefix "dropped_total",                                                     \
                         .help = "Packets dropped because the input queue was full: "                        \
                                 "the CPU is too slow for what it gets" whose,                               \
                         .source = "softnet_data.dropped",                                                   \
                         .type = METRIC_COUNTER,                                                             \
                         .meaning = dropped_meaning,                                                         \
                         .ledger = dropped_ledger},                                                          \
    [SOFTNET_TIMES_SQUEEZED] = {.name = prefix "times_squeezed_total",                                       \
                                .help = "Times that receiving stopped with packets left because the "        \
                                        "budget of packets or time was used up" whose,                       \
                                .source = "softnet_data.time_squeeze",                                       \
                                .type = METRIC_COUNTER},                                                     \
    [SOFTNET_FLOW_LIMIT] = {                                                                                 \
        .name = prefix "flow_limit_total",                                                                   \
        .help = "Of those dropped, packets whose flow had more than its share of a long input queue" whose,  \
        .source = "sd_flow_limit.count",                                                                     \
        .type = METRIC_COUNTER,                                                                              \
        .ledger = dropped_ledger}

const struct metric softnet_metrics[SOFTNET_COLUMN_COUNT] = {
    COUNTERS("netdrop_softnet_", ", all CPUs together, modulo 2^32", &dropped),
    [SOFTNET_COLUMN_BACKLOG_LIMIT] = {.name = "netdrop_softnet_backlog_limit_packets",
                                      .help = "Packets that the input queue of a CPU may hold",
                                      .source = "sysctl net.core.netdev_max_backlog",
                                      .type = METRIC_GAUGE},
    [SOFTNET_COLUMN_BUDGET] = {.name = "netdrop_softnet_budget_packets",
                               .help = "Packets that a CPU receives in one round at most",
                               .source = "sysctl net.core.netdev_budget",
                               .type = METRIC_GAUGE},
};

const struct metric softnet_cpu_metrics[SOFTNET_SHOWN_COUNT] = {
    COUNTERS("netdrop_softnet_cpu_", ", by CPU", NULL),
};
