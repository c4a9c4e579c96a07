/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/drops/drop_workload_rows.h"

/* The columns of netdrop_workload_*, each a table of its own. Constant data; any thread. */

const struct metric drop_workload_metrics[DROP_WORKLOAD_TABLES] = {
    [DROP_WORKLOAD_ROWS] =
        {
            .name = "netdrop_workload_drops_total",
            .help = "Skbs dropped, by the control group that made their socket; no labels: no socket; unit "
                    "unknown: the kernel does not tell; unit other: no row free",
            .source = "tracepoint skb:kfree_skb, rx_sk or skb->sk",
            .type = METRIC_COUNTER,
            .role = ROLE_WORKLOAD_DROPS,
            .from_zero = true,
        },
    [DROP_WORKLOAD_INFO] =
        {
            .name = "netdrop_workload_info",
            .help = "Control group of a workload that has rows, below the root of the hierarchy",
            .source = "kernfs_node.name",
            .type = METRIC_INFO,
        },
    [DROP_WORKLOAD_FORGOTTEN] =
        {
            .name = "netdrop_workload_drops_forgotten_total",
            .help = "Skbs of workloads without a row any more; with netdrop_workload_drops_total they make "
                    "netdrop_kernel_drops_by_class_total",
            .source = "tracepoint skb:kfree_skb",
            .type = METRIC_COUNTER,
        },
    [DROP_WORKLOAD_UDP] =
        {
            .name = "netdrop_udp_receive_buffer_drops_total",
            .help = "Datagrams dropped because the receive buffer was full, by workload; only below Linux "
                    "6.11, and then not in netdrop_workload_drops_total",
            .source = "tracepoint udp:udp_fail_queue_rcv_skb",
            .type = METRIC_COUNTER,
            .from_zero = true,
        },
    [DROP_WORKLOAD_UDP_FORGOTTEN] =
        {
            .name = "netdrop_udp_receive_buffer_drops_forgotten_total",
            .help = "Datagrams of netdrop_udp_receive_buffer_drops_total whose workload has no row any more",
            .source = "tracepoint udp:udp_fail_queue_rcv_skb",
            .type = METRIC_COUNTER,
        },
};
