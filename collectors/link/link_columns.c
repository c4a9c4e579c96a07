/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/link/link_columns.h"

/* The columns of link statistics, with their HELP and meaning. Pure; the link collector's thread. */

#include <assert.h>
#include <linux/if_link.h>
#include <stddef.h>

#include "collectors/link/link_ledger.h"
#include "collectors/meaning/remedy.h"

struct link_column {
    struct metric metric;
    bool loss; /* shown even if only loss is wanted */
};

#define TRAFFIC false
#define LOSS    true

static const struct remedy remedy_dropped = {
    "link-dropped", "See the drop sites of the same device, and ethtool -S: drivers disagree on it"};

static const struct meaning_limit queue_limit = {
    .now = "netdrop_link_transmit_queue_limit_packets",
    .unit = "packets in the transmit queue",
};

/* Traffic of a device. */
#define PASSES(way, text)                                                                                    \
    &(const struct meaning)                                                                                  \
    {                                                                                                        \
        .purpose = PURPOSE_TRAFFIC, .direction = DIRECTION_##way, .subject = "{device}", .cause = text       \
    }

/* Loss of a device. The kernel documents which of the fields are sums of others (rtnl_link_stats64): the
 * first two. */
#define LOSES(way, where, the_class, text, the_remedy, the_limit)                                            \
    &(const struct meaning)                                                                                  \
    {                                                                                                        \
        .purpose = PURPOSE_LOSS, .stage = STAGE_##where, .direction = DIRECTION_##way,                       \
        .loss_class = LOSS_##the_class, .subject = "{device}", .cause = text, .remedy = the_remedy,          \
        .limit = the_limit                                                                                   \
    }
#define SHARED(which) (&remedies[REMEDY_##which])

/* The index is the field's place in the kernel's struct, so that no list of ours can get the order wrong.
 * Further members of the metric follow the text. Not losses: nohandler (a bond's backup), otherhost_dropped
 * (promiscuous), collisions (retransmitted). */
#define STATISTIC(field, is_loss, family, metric_unit, text, ...)                                            \
    [offsetof(struct rtnl_link_stats64, field) /                                                             \
        sizeof(uint64_t)] = {.loss = is_loss,                                                                \
                             .metric = {.name = "netdrop_link_" family "_total",                             \
                                        .help = text,                                                        \
                                        .source = "rtnl_link_stats64." #field,                               \
                                        .unit = metric_unit,                                                 \
                                        .type = METRIC_COUNTER,                                              \
                                        ##__VA_ARGS__}}

static const struct link_column statistics[LINK_STATISTIC_COUNT] = {
    STATISTIC(rx_packets, TRAFFIC, "receive_packets", NULL,
              "Good packets received, including those dropped later", .meaning = PASSES(RECEIVE, "received")),
    STATISTIC(tx_packets, TRAFFIC, "transmit_packets", NULL, "Packets passed to the device",
              .meaning = PASSES(TRANSMIT, "sent")),
    STATISTIC(rx_bytes, TRAFFIC, "receive_bytes", "bytes", "Bytes of good packets received"),
    STATISTIC(tx_bytes, TRAFFIC, "transmit_bytes", "bytes", "Bytes passed to the device"),
    STATISTIC(rx_errors, LOSS, "receive_errors", NULL,
              "Bad packets received: wrong length, checksum or alignment, and "
              "others; usually cable, transceiver or NIC",
              .meaning = LOSES(RECEIVE, NIC, ERROR, "receive errors", SHARED(NIC_FAULT), NULL),
              .role = ROLE_DEVICES, .title = "Receive errors", .ledger = link_receive_errors_ledger),
    STATISTIC(tx_errors, LOSS, "transmit_errors", NULL,
              "Packets not sent because of an error: aborted, carrier lost, "
              "queue of the device, late collision, and others",
              .meaning = LOSES(TRANSMIT, NIC, ERROR, "transmit errors", SHARED(NIC_FAULT), NULL),
              .title = "Transmit errors", .ledger = link_transmit_errors_ledger),
    STATISTIC(rx_dropped, LOSS, "receive_dropped", NULL,
              "Packets received but dropped before a protocol took them: no memory, unknown protocol or "
              "VLAN, filtered address",
              .meaning = LOSES(RECEIVE, UNKNOWN, UNKNOWN, "receive dropped: no room, or nobody wants it",
                               &remedy_dropped, NULL),
              .title = "Receive dropped", .ledger = link_receive_dropped_ledger),
    STATISTIC(tx_dropped, LOSS, "transmit_dropped", NULL,
              "Packets dropped before the device sent them: queue or ring full, "
              "no carrier, or too large",
              .meaning =
                  LOSES(TRANSMIT, UNKNOWN, UNKNOWN, "transmit dropped: no room, no carrier or too large",
                        &remedy_dropped, &queue_limit),
              .title = "Transmit dropped", .ledger = link_transmit_dropped_ledger),
    STATISTIC(multicast, TRAFFIC, "receive_multicast", NULL, "Multicast packets received"),
    STATISTIC(collisions, LOSS, "collisions", NULL, "Collisions while transmitting, on half-duplex links",
              .ledger = link_collisions_ledger),
    STATISTIC(rx_length_errors, LOSS, "receive_length_errors", NULL,
              "Packets dropped for an invalid length: often an MTU that differs "
              "between the ends of the link",
              .meaning = LOSES(RECEIVE, NIC, ERROR, "receive length errors", SHARED(FRAME_LENGTH), NULL),
              .ledger = link_receive_error_kind_ledger),
    STATISTIC(rx_over_errors, LOSS, "receive_over_errors", NULL,
              "Packets that did not fit the receive buffers of the host; with some drivers, overflows of "
              "the receiver",
              .meaning = LOSES(RECEIVE, DRIVER, CAPACITY, "receive over errors", SHARED(NIC_RING), NULL),
              .ledger = link_over_errors_ledger),
    STATISTIC(rx_crc_errors, LOSS, "receive_crc_errors", NULL,
              "Packets received with a wrong checksum (CRC): damage by a cable, "
              "transceiver or port",
              .meaning = LOSES(RECEIVE, NIC, ERROR, "receive crc errors", SHARED(DAMAGED), NULL),
              .ledger = link_receive_error_kind_ledger),
    STATISTIC(rx_frame_errors, LOSS, "receive_frame_errors", NULL,
              "Packets received with a wrong alignment: damage by a cable or "
              "transceiver, or a duplex mismatch",
              .meaning = LOSES(RECEIVE, NIC, ERROR, "receive frame errors", SHARED(DAMAGED), NULL),
              .ledger = link_receive_error_kind_ledger),
    STATISTIC(rx_fifo_errors, LOSS, "receive_fifo_errors", NULL,
              "Overflows of the queue of the receiver: packets came faster than "
              "the host took them",
              .meaning =
                  LOSES(RECEIVE, NIC, CAPACITY, "receive fifo errors", SHARED(NIC_RING), &receive_ring_limit),
              .ledger = link_receive_fifo_ledger),
    STATISTIC(rx_missed_errors, LOSS, "receive_missed", NULL,
              "Packets that the device dropped for lack of buffers: the host is too slow, or the ring too "
              "small",
              .meaning =
                  LOSES(RECEIVE, NIC, CAPACITY, "receive missed", SHARED(NIC_MISSED), &receive_ring_limit),
              .title = "Receive missed", .ledger = link_receive_missed_ledger),
    STATISTIC(tx_aborted_errors, LOSS, "transmit_aborted_errors", NULL,
              "Transmissions aborted: too many collisions, or discarded by the device",
              .meaning = LOSES(TRANSMIT, NIC, ERROR, "transmit aborted", SHARED(NIC_FAULT), NULL),
              .ledger = link_transmit_error_kind_ledger),
    STATISTIC(tx_carrier_errors, LOSS, "transmit_carrier_errors", NULL,
              "Transmissions that failed because the carrier was lost: cable, transceiver or peer",
              .meaning = LOSES(TRANSMIT, NIC, ERROR, "transmit carrier lost", SHARED(LINK_FLAPS), NULL),
              .ledger = link_transmit_error_kind_ledger),
    STATISTIC(tx_fifo_errors, LOSS, "transmit_fifo_errors", NULL,
              "Transmissions that failed because the queue of the device underran or overran",
              .meaning = LOSES(TRANSMIT, NIC, CAPACITY, "transmit fifo errors", SHARED(NIC_RING), NULL),
              .ledger = link_transmit_error_kind_ledger),
    STATISTIC(tx_heartbeat_errors, LOSS, "transmit_heartbeat_errors", NULL,
              "Heartbeat (SQE test) errors of old half-duplex Ethernet",
              .ledger = link_transmit_error_kind_ledger),
    STATISTIC(tx_window_errors, LOSS, "transmit_window_errors", NULL,
              "Late collisions: usually a duplex mismatch",
              .meaning = LOSES(TRANSMIT, NIC, ERROR, "transmit late collisions", SHARED(DUPLEX), NULL),
              .ledger = link_transmit_error_kind_ledger),
    STATISTIC(rx_compressed, TRAFFIC, "receive_compressed", NULL,
              "Compressed packets received, on links such as PPP"),
    STATISTIC(tx_compressed, TRAFFIC, "transmit_compressed", NULL,
              "Compressed packets sent, on links such as PPP"),
    STATISTIC(rx_nohandler, LOSS, "receive_nohandler", NULL,
              "Packets dropped because the device is not meant to receive, such as the backup of a bond",
              .ledger = link_unwanted_ledger),
    STATISTIC(rx_otherhost_dropped, LOSS, "receive_otherhost_dropped", NULL,
              "Packets dropped because their link-layer address is another host's: promiscuous mode, or a "
              "switch that floods",
              .ledger = link_unwanted_ledger),
};

#define CHANGES(attribute, family, text)                                                                     \
    {                                                                                                        \
        .loss = LOSS, .metric = {                                                                            \
            .name = "netdrop_link_" family "_total",                                                         \
            .help = text,                                                                                    \
            .source = attribute,                                                                             \
            .type = METRIC_COUNTER,                                                                          \
        }                                                                                                    \
    }

#define GAUGE(attribute, family, metric_unit, text, ...)                                                     \
    {                                                                                                        \
        .loss = TRAFFIC, .metric = {                                                                         \
            .name = "netdrop_link_" family,                                                                  \
            .help = text,                                                                                    \
            .source = attribute,                                                                             \
            .unit = metric_unit,                                                                             \
            .type = METRIC_GAUGE,                                                                            \
            ##__VA_ARGS__                                                                                    \
        }                                                                                                    \
    }

static const struct link_column numbers[LINK_SHOWN_COUNT] = {
    [LINK_CARRIER_CHANGES] = CHANGES("IFLA_CARRIER_CHANGES", "carrier_changes",
                                     "Times the carrier changed: cable, peer, or a reset of the device"),
    [LINK_CARRIER_UP_CHANGES] =
        CHANGES("IFLA_CARRIER_UP_COUNT", "carrier_up_changes", "Times the carrier came back"),
    [LINK_CARRIER_DOWN_CHANGES] =
        CHANGES("IFLA_CARRIER_DOWN_COUNT", "carrier_down_changes", "Times the carrier was lost"),
    [LINK_UP] = GAUGE("ifinfomsg.ifi_flags IFF_UP and IFF_RUNNING", "up", NULL,
                      "1 if the link is administratively up and running, 0 if not", .role = ROLE_DEVICE_UP),
    [LINK_ADMIN_UP] = GAUGE("ifinfomsg.ifi_flags IFF_UP", "admin_up", NULL,
                            "1 if the link is administratively up, 0 if not", .role = ROLE_DEVICE_ADMIN_UP),
    [LINK_CARRIER] = GAUGE("IFLA_CARRIER", "carrier", NULL, "1 if the link has a carrier, 0 if not"),
    [LINK_MTU] = GAUGE("IFLA_MTU", "mtu_bytes", "bytes", "Largest packet that the link carries"),
    [LINK_TRANSMIT_QUEUE_LIMIT] =
        GAUGE("IFLA_TXQLEN", "transmit_queue_limit_packets", NULL,
              "Packets that the transmit queue may hold, if its queueing discipline uses this setting"),
};

const struct metric link_info_metric = {
    .name = "netdrop_link_info",
    .help = "Index, master, link-layer address, alias and bus of the link; always 1",
    .source = "RTM_NEWLINK",
    .type = METRIC_INFO,
    .role = ROLE_DEVICE_ALIAS,
};

const struct metric link_peer_metric = {
    .name = "netdrop_link_peer",
    .help = "The other end of a veth device",
    .source = "IFLA_LINK, IFLA_LINK_NETNSID",
    .type = METRIC_GAUGE,
    .role = ROLE_PEERS,
    .internal = true,
};

const struct metric link_excluded_metric = {
    .name = "netdrop_link_excluded_devices",
    .help = "Links that the device filter leaves out",
    .type = METRIC_GAUGE,
    .role = ROLE_DEVICES_EXCLUDED,
};

const struct metric link_workload_metric = {
    .name = "netdrop_link_workload_info",
    .help = "Workload that has the other end of the link, in another network namespace; always 1",
    .source = "IFLA_LINK_NETNSID, and the cgroup of who is there",
    .type = METRIC_INFO,
};

int link_columns_init(struct link_columns *columns, enum link_selection selection)
{
    struct metric metrics[LINK_STATISTIC_COUNT + LINK_SHOWN_COUNT];
    struct link_columns fresh = {};
    int error;

    for (uint8_t i = 0; i < LINK_STATISTIC_COUNT; i++) {
        if (selection == LINK_COLUMNS_LOSS && !statistics[i].loss)
            continue;
        metrics[fresh.statistic_count] = statistics[i].metric;
        fresh.statistics[fresh.statistic_count++] = i;
    }
    for (uint8_t i = 0; i < LINK_SHOWN_COUNT; i++) {
        if (selection == LINK_COLUMNS_LOSS && !numbers[i].loss)
            continue;
        metrics[fresh.statistic_count + fresh.number_count] = numbers[i].metric;
        fresh.numbers[fresh.number_count++] = i;
    }
    error = column_set_new(metrics, fresh.statistic_count + fresh.number_count, &fresh.set);
    if (error == 0)
        *columns = fresh;
    return error;
}

void link_columns_done(struct link_columns *columns)
{
    columns->set = column_set_unref(columns->set);
}

static_assert(LINK_STATISTIC_COUNT + LINK_SHOWN_COUNT <= 64, "presence bits are one word a row");

void link_columns_fill(const struct link_columns *columns, struct table *table, size_t row,
                       const struct link_statistics *values, const struct link *link)
{
    uint64_t *cells = &table->cells[row * table->columns->width];
    size_t count = columns->statistic_count;
    uint64_t present;

    /* Cell by cell, table_set() would take a fifth of the whole collection. */
    while (count > 0 && columns->statistics[count - 1] >= values->count)
        count--;
    for (size_t i = 0; i < count; i++)
        cells[i] = values->values[columns->statistics[i]];
    present = (UINT64_C(1) << count) - 1;
    for (size_t i = 0; i < columns->number_count; i++) {
        cells[columns->statistic_count + i] = link->numbers[columns->numbers[i]];
        present |= (uint64_t)(link->present >> columns->numbers[i] & 1) << (columns->statistic_count + i);
    }
    table->present[row * table->present_words] = present;
}
