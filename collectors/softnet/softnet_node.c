/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/softnet/softnet_node.h"

/* node_exporter's names for the input queues of the CPUs, as in its collector/softnet_linux.go; 1.5 has the
 * first three. The collector's thread. */

#include "base/cleanup.h"
#include "collectors/softnet/softnet_parse.h"

#define PER_CPU(name) "netdrop_softnet_cpu_" name "_total"

static const struct node_metric metrics[] = {
    {.metric = {.name = "node_softnet_processed_total",
                .help = "Number of processed packets",
                .type = METRIC_COUNTER},
     .ours = PER_CPU("processed"),
     NODE_SUM(SOFTNET_PROCESSED)},
    {.metric = {.name = "node_softnet_dropped_total",
                .help = "Number of dropped packets",
                .type = METRIC_COUNTER},
     .ours = PER_CPU("dropped"),
     NODE_SUM(SOFTNET_DROPPED)},
    {.metric = {.name = "node_softnet_times_squeezed_total",
                .help = "Number of times processing packets ran out of quota",
                .type = METRIC_COUNTER},
     .ours = PER_CPU("times_squeezed"),
     NODE_SUM(SOFTNET_TIMES_SQUEEZED)},
    {.metric = {.name = "node_softnet_cpu_collision_total",
                .help = "Number of collision occur while obtaining device lock while transmitting",
                .type = METRIC_COUNTER},
     NODE_SUM(SOFTNET_CPU_COLLISION)},
    {.metric = {.name = "node_softnet_received_rps_total",
                .help = "Number of times cpu woken up received_rps",
                .type = METRIC_COUNTER},
     NODE_SUM(SOFTNET_RECEIVED_RPS)},
    {.metric = {.name = "node_softnet_flow_limit_count_total",
                .help = "Number of times flow limit has been reached",
                .type = METRIC_COUNTER},
     .ours = PER_CPU("flow_limit"),
     NODE_SUM(SOFTNET_FLOW_LIMIT)},
    {.metric = {.name = "node_softnet_backlog_len", .help = "Softnet backlog status", .type = METRIC_GAUGE},
     NODE_SUM(SOFTNET_BACKLOG_LENGTH)},
};

static const struct node_names softnet = {
    .collector = "softnet",
    .metrics = metrics,
    .count = ELEMENTS(metrics),
    .note =
        "Ours by CPU are there with `collectors.softnet.per_cpu`. Before Linux 5.10, which does not say whose a "
        "line is, there is none of these.",
};

const struct node_names *const softnet_node[] = {&softnet, NULL};
