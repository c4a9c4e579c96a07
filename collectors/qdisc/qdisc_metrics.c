/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/qdisc/qdisc_metrics.h"

/* See qdisc_metrics.h. */

#include "collectors/meaning/remedy.h"

#define QUEUE .subject = "{device}", .cause = "queue {kind} {handle}", .layer = LAYER_QUEUE

/* These two hold no packet: they drop what a filter tells them to. */
#define FILTER(kind, where, the_detail)                                                                      \
    {                                                                                                        \
        .when = {{"kind", kind}}, .purpose = PURPOSE_OTHER, .stage = STAGE_##where,                          \
        .loss_class = LOSS_POLICY, .remedy = &remedies[REMEDY_TC_FILTERS], QUEUE, .detail = the_detail       \
    }

static const struct meaning drops[] = {
    FILTER("clsact", UNKNOWN, 0),
    FILTER("ingress", INGRESS, 1),
    {.purpose = PURPOSE_LOSS,
     .stage = STAGE_EGRESS,
     .direction = DIRECTION_TRANSMIT,
     .loss_class = LOSS_CAPACITY,
     .remedy = &remedies[REMEDY_TRANSMIT_QUEUE],
     QUEUE,
     .detail = 2},
};

const struct metric qdisc_metrics[QDISC_VALUE_COUNT] = {
    [QDISC_PACKETS] = {.name = "netdrop_qdisc_packets_total",
                       .help = "Packets that left the queueing discipline; at ingress, that came to it",
                       .source = "gnet_stats_basic.packets, TCA_STATS_PKT64",
                       .type = METRIC_COUNTER},
    [QDISC_BYTES] = {.name = "netdrop_qdisc_bytes_total",
                     .help = "Bytes of these packets",
                     .source = "gnet_stats_basic.bytes",
                     .unit = "bytes",
                     .type = METRIC_COUNTER},
    [QDISC_DROPS] = {.name = "netdrop_qdisc_drops_total",
                     .help = "Packets dropped; a parent counts those of its children too. 32 bits wide",
                     .source = "gnet_stats_queue.drops",
                     .type = METRIC_COUNTER,
                     .meaning = drops},
    [QDISC_OVERLIMITS] = {.name = "netdrop_qdisc_overlimits_total",
                          .help =
                              "How often a packet had to wait for its rate, which is no loss. 32 bits wide",
                          .source = "gnet_stats_queue.overlimits",
                          .type = METRIC_COUNTER},
    [QDISC_REQUEUES] = {.name = "netdrop_qdisc_requeues_total",
                        .help = "How often a packet was put back because the device took none. 32 bits wide",
                        .source = "gnet_stats_queue.requeues",
                        .type = METRIC_COUNTER},
    [QDISC_BACKLOG_BYTES] = {.name = "netdrop_qdisc_backlog_bytes",
                             .help = "Bytes that wait",
                             .source = "gnet_stats_queue.backlog",
                             .unit = "bytes",
                             .type = METRIC_GAUGE},
    [QDISC_BACKLOG_PACKETS] = {.name = "netdrop_qdisc_backlog_packets",
                               .help = "Packets that wait",
                               .source = "gnet_stats_queue.qlen",
                               .type = METRIC_GAUGE},
};
