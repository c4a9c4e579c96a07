/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/qdisc/qdisc_metrics.h"

/* The columns of queueing disciplines, with their HELP and meaning. Constant data; any thread. */

#include "collectors/meaning/remedy.h"

#define QUEUE .subject = "{device}", .cause = "queue {kind} {handle}"

/* These two hold no packets: they drop what a filter tells them to drop. */
#define FILTER(kind, where)                                                                                  \
    {                                                                                                        \
        .when = {{"kind", kind}}, .purpose = PURPOSE_OTHER, .stage = STAGE_##where,                          \
        .loss_class = LOSS_POLICY, .remedy = &remedies[REMEDY_TC_FILTERS], QUEUE                             \
    }

static const struct meaning drops[] = {
    FILTER("clsact", UNKNOWN),
    FILTER("ingress", INGRESS),
    {.purpose = PURPOSE_LOSS,
     .stage = STAGE_EGRESS,
     .direction = DIRECTION_TRANSMIT,
     .loss_class = LOSS_CAPACITY,
     .remedy = &remedies[REMEDY_TRANSMIT_QUEUE],
     QUEUE},
};

#define DETAIL(the_label, the_value, text, ...)                                                              \
    {                                                                                                        \
        .when = {the_label, the_value}, .mode = LEDGER_DETAIL, .source = text, .by = { __VA_ARGS__ }         \
    }
#define OF_QUEUES                                                                                            \
    {"qdisc_full", JOIN_DEVICE}, {"qdisc_congestion", JOIN_DEVICE}, {"qdisc_departure_time", JOIN_DEVICE},   \
    {                                                                                                        \
        "tc_filter_error", JOIN_DEVICE                                                                       \
    }

static const struct ledger_rule drops_ledger[] = {
    DETAIL(
        "root", "false",
        "net/sched/sch_api.c qdisc_tree_reduce_backlog() and the classful disciplines' own enqueue(): a parent "
        "counts what its children drop",
        OF_QUEUES),
    DETAIL("kind", "clsact",
           "net/core/dev.c sch_handle_ingress(), sch_handle_egress(): freed there, as a filter says",
           {"tc_ingress_filter", JOIN_DEVICE}, {"tc_egress_filter", JOIN_DEVICE}),
    DETAIL("kind", "ingress", "net/core/dev.c sch_handle_ingress(): freed there, as a filter says",
           {"tc_ingress_filter", JOIN_DEVICE}),
    DETAIL(
        "kind", "cake",
        "sch_cake.c cake_drop() and cake_dequeue(): freed there. cake_enqueue() counts acknowledgements too, "
        "which its filter consumes and nobody needs",
        OF_QUEUES),
    {.mode = LEDGER_REST,
     .stage = STAGE_EGRESS,
     .direction = DIRECTION_TRANSMIT,
     .by = {OF_QUEUES},
     .source =
         "include/net/sch_generic.h qdisc_drop() and similar code of the disciplines: freed in net/core/dev.c "
         "__dev_xmit_skb() once the queue is unlocked, or by CoDel when it dequeues a packet. Packets in a queue "
         "that is emptied count nowhere"},
    {},
};

const struct metric qdisc_metrics[QDISC_VALUE_COUNT] = {
    [QDISC_PACKETS] = {.name = "netdrop_qdisc_packets_total",
                       .help = "Packets that left the queueing discipline; at ingress, those that arrived",
                       .source = "gnet_stats_basic.packets, TCA_STATS_PKT64",
                       .type = METRIC_COUNTER},
    [QDISC_BYTES] = {.name = "netdrop_qdisc_bytes_total",
                     .help = "Bytes of the packets in netdrop_qdisc_packets_total",
                     .source = "gnet_stats_basic.bytes",
                     .unit = "bytes",
                     .type = METRIC_COUNTER},
    [QDISC_DROPS] = {.name = "netdrop_qdisc_drops_total",
                     .help = "Packets dropped by the queueing discipline, mostly because it was full; a "
                             "parent includes its children; modulo 2^32",
                     .source = "gnet_stats_queue.drops",
                     .type = METRIC_COUNTER,
                     .meaning = drops,
                     .ledger = drops_ledger},
    [QDISC_OVERLIMITS] = {.name = "netdrop_qdisc_overlimits_total",
                          .help = "Times a packet was delayed to keep a rate, which is no loss; modulo 2^32",
                          .source = "gnet_stats_queue.overlimits",
                          .type = METRIC_COUNTER},
    [QDISC_REQUEUES] = {.name = "netdrop_qdisc_requeues_total",
                        .help = "Times a packet was put back because the device took none; modulo 2^32",
                        .source = "gnet_stats_queue.requeues",
                        .type = METRIC_COUNTER},
    [QDISC_BACKLOG_BYTES] = {.name = "netdrop_qdisc_backlog_bytes",
                             .help = "Bytes that wait in the queueing discipline",
                             .source = "gnet_stats_queue.backlog",
                             .unit = "bytes",
                             .type = METRIC_GAUGE},
    [QDISC_BACKLOG_PACKETS] = {.name = "netdrop_qdisc_backlog_packets",
                               .help = "Packets that wait in the queueing discipline",
                               .source = "gnet_stats_queue.qlen",
                               .type = METRIC_GAUGE},
    [QDISC_LIMIT] = {.name = "netdrop_qdisc_limit",
                     .help = "What may wait: packets, of bfifo bytes",
                     .source = "tc_fifo_qopt.limit, TCA_CODEL_LIMIT, TCA_FQ_CODEL_LIMIT",
                     .type = METRIC_GAUGE,
                     .role = ROLE_QUEUE_LIMIT,
                     .internal = true},
};
