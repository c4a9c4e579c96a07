/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/link/link_node.h"

/* node_exporter's names for links. The collector's thread. Its collector/netdev_common.go, legacy(), adds
 * counters up as /proc/net/dev does (the kernel's net/core/net-procfs.c, dev_seq_printf_stats()). Its
 * netclass_linux.go shows what is in /sys/class/net. */

#include <assert.h>
#include <linux/if_link.h>
#include <stddef.h>
#include <string.h>

#include "base/cleanup.h"
#include "collectors/link/link_neighbours.h"

#define FIELD(name)    (offsetof(struct rtnl_link_stats64, name) / sizeof(uint64_t))
#define NUMBER(number) (LINK_STATISTIC_COUNT + (number))

static_assert(NUMBER(LINK_NUMBER_COUNT) <= NODE_VALUES_MAX, "presence bits are one word");

#define NETDEV(key, expression, ...)                                                                         \
    {                                                                                                        \
        .metric = {.name = "node_network_" key "_total",                                                     \
                   .help = "Network device statistic " key,                                                  \
                   .type = METRIC_COUNTER},                                                                  \
        .ours = expression, NODE_SUM(__VA_ARGS__)                                                            \
    }

static const struct node_metric netdev_metrics[] = {
    NETDEV("receive_packets", "netdrop_link_receive_packets_total", FIELD(rx_packets)),
    NETDEV("transmit_packets", "netdrop_link_transmit_packets_total", FIELD(tx_packets)),
    NETDEV("receive_bytes", "netdrop_link_receive_bytes_total", FIELD(rx_bytes)),
    NETDEV("transmit_bytes", "netdrop_link_transmit_bytes_total", FIELD(tx_bytes)),
    NETDEV("receive_errs", "netdrop_link_receive_errors_total", FIELD(rx_errors)),
    NETDEV("transmit_errs", "netdrop_link_transmit_errors_total", FIELD(tx_errors)),
    NETDEV("receive_drop", "netdrop_link_receive_dropped_total + netdrop_link_receive_missed_total",
           FIELD(rx_dropped), FIELD(rx_missed_errors)),
    NETDEV("transmit_drop", "netdrop_link_transmit_dropped_total", FIELD(tx_dropped)),
    NETDEV("receive_multicast", "netdrop_link_receive_multicast_total", FIELD(multicast)),
    NETDEV("transmit_colls", "netdrop_link_collisions_total", FIELD(collisions)),
    NETDEV("receive_fifo", "netdrop_link_receive_fifo_errors_total", FIELD(rx_fifo_errors)),
    NETDEV(
        "receive_frame",
        "netdrop_link_receive_frame_errors_total + netdrop_link_receive_length_errors_total + netdrop_link_receive_over_errors_total + netdrop_link_receive_crc_errors_total",
        FIELD(rx_frame_errors), FIELD(rx_length_errors), FIELD(rx_over_errors), FIELD(rx_crc_errors)),
    NETDEV("transmit_fifo", "netdrop_link_transmit_fifo_errors_total", FIELD(tx_fifo_errors)),
    NETDEV(
        "transmit_carrier",
        "netdrop_link_transmit_carrier_errors_total + netdrop_link_transmit_aborted_errors_total + netdrop_link_transmit_heartbeat_errors_total + netdrop_link_transmit_window_errors_total",
        FIELD(tx_carrier_errors), FIELD(tx_aborted_errors), FIELD(tx_heartbeat_errors),
        FIELD(tx_window_errors)),
    NETDEV("receive_compressed", "netdrop_link_receive_compressed_total", FIELD(rx_compressed)),
    NETDEV("transmit_compressed", "netdrop_link_transmit_compressed_total", FIELD(tx_compressed)),
    NETDEV("receive_nohandler", "netdrop_link_receive_nohandler_total", FIELD(rx_nohandler)),
};

#define NETCLASS(key, the_type, text, expression, number, ...)                                               \
    {                                                                                                        \
        .metric = {.name = "node_network_" key, .help = text, .type = METRIC_##the_type},                    \
        .ours = expression, NODE_SUM(NUMBER(number)), ##__VA_ARGS__                                          \
    }

static const struct node_metric netclass_metrics[] = {
    NETCLASS(
        "up", GAUGE, "Value is 1 if operstate is 'up', 0 otherwise", NULL, LINK_OPERATIONAL,
        .note =
            "`netdrop_link_up` counts an operational state that is unknown as up, too: that of lo and of tunnels."),
    NETCLASS("carrier", GAUGE, "Network device property: carrier",
             "netdrop_link_carrier and netdrop_link_admin_up == 1", LINK_CARRIER_WHERE_UP),
    NETCLASS("carrier_changes_total", COUNTER, "Network device property: carrier_changes_total",
             "netdrop_link_carrier_changes_total", LINK_CARRIER_CHANGES),
    NETCLASS("carrier_up_changes_total", COUNTER, "Network device property: carrier_up_changes_total",
             "netdrop_link_carrier_up_changes_total", LINK_CARRIER_UP_CHANGES),
    NETCLASS("carrier_down_changes_total", COUNTER, "Network device property: carrier_down_changes_total",
             "netdrop_link_carrier_down_changes_total", LINK_CARRIER_DOWN_CHANGES),
    NETCLASS("dormant", GAUGE, "Network device property: dormant", NULL, LINK_DORMANT),
    NETCLASS("flags", GAUGE, "Network device property: flags", NULL, LINK_FLAGS),
    NETCLASS("iface_id", GAUGE, "Network device property: iface_id", NULL, LINK_INDEX),
    NETCLASS("iface_link", GAUGE, "Network device property: iface_link", NULL, LINK_OTHER),
    NETCLASS("iface_link_mode", GAUGE, "Network device property: iface_link_mode", NULL, LINK_MODE),
    NETCLASS("mtu_bytes", GAUGE, "Network device property: mtu_bytes", "netdrop_link_mtu_bytes", LINK_MTU),
    NETCLASS("net_dev_group", GAUGE, "Network device property: net_dev_group", NULL, LINK_GROUP),
    NETCLASS("transmit_queue_length", GAUGE, "Network device property: transmit_queue_length",
             "netdrop_link_transmit_queue_limit_packets", LINK_TRANSMIT_QUEUE_LIMIT),
    NETCLASS("protocol_type", GAUGE, "Network device property: protocol_type", NULL, LINK_TYPE),
};

static const struct node_names netdev = {"netdev", netdev_metrics, ELEMENTS(netdev_metrics),
                                         "Sums are those of /proc/net/dev."};
static const struct node_names netclass = {"netclass", netclass_metrics, ELEMENTS(netclass_metrics), NULL};

const struct node_names *const link_node[] = {&netdev, &netclass, &link_arp, NULL};

void link_node_fill(struct table *const tables[], size_t row, const struct link_statistics *statistics,
                    const struct link *link)
{
    uint64_t values[NUMBER(LINK_NUMBER_COUNT)];
    uint64_t present = (UINT64_C(1) << statistics->count) - 1;

    memcpy(values, statistics->values, statistics->count * sizeof(values[0]));
    for (size_t i = 0; i < LINK_NUMBER_COUNT; i++)
        values[NUMBER(i)] = link->numbers[i];
    present |= (uint64_t)link->present << LINK_STATISTIC_COUNT;
    for (size_t i = 0; i < LINK_NODE_COUNT; i++)
        node_fill(link_node[i], tables[i], row, values, present);
}
