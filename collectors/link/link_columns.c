/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/link/link_columns.h"

/* See link_columns.h. Pure; the link collector's thread. */

#include <assert.h>
#include <linux/if_link.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "collectors/meaning/remedy.h"

struct link_column {
    struct metric metric;
    bool loss; /* stays when only loss is wanted */
};

#define TRAFFIC false
#define LOSS    true

static const struct remedy remedy_dropped = {
    "link-dropped", "See the drop sites of the same device, and ethtool -S: drivers disagree on it"};

static const struct meaning_limit queue_limit = {
    .now = "netdrop_link_transmit_queue_limit_packets",
    .unit = "packets transmit queue",
};

/* What of a device goes through. */
#define PASSES(way, text)                                                                                    \
    &(const struct meaning)                                                                                  \
    {                                                                                                        \
        .purpose = PURPOSE_TRAFFIC, .direction = DIRECTION_##way, .subject = "{device}", .cause = text,      \
        .layer = LAYER_DEVICE                                                                                \
    }

/* What it loses. The kernel documents (rtnl_link_stats64) which of the fields are sums of others: the first
 * two, which have the least detail. */
#define LOSES(way, where, the_class, the_detail, text, the_remedy, the_limit)                                \
    &(const struct meaning)                                                                                  \
    {                                                                                                        \
        .purpose = PURPOSE_LOSS, .stage = STAGE_##where, .direction = DIRECTION_##way,                       \
        .loss_class = LOSS_##the_class, .subject = "{device}", .cause = text, .remedy = the_remedy,          \
        .limit = the_limit, .layer = LAYER_DEVICE, .detail = the_detail                                      \
    }
#define SHARED(which) (&remedies[REMEDY_##which])

/* The index is the field's place in the kernel's struct, so that no list of ours can get the order wrong.
 * Behind the text comes what else the metric has. No loss: nohandler (a bond's backup), otherhost_dropped
 * (promiscuous), collisions (sent again). */
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
              "Good packets received, those dropped later included", .meaning = PASSES(RECEIVE, "received")),
    STATISTIC(tx_packets, TRAFFIC, "transmit_packets", NULL, "Packets handed over to the device",
              .meaning = PASSES(TRANSMIT, "sent")),
    STATISTIC(rx_bytes, TRAFFIC, "receive_bytes", "bytes", "Good bytes received"),
    STATISTIC(tx_bytes, TRAFFIC, "transmit_bytes", "bytes", "Bytes handed over to the device"),
    STATISTIC(rx_errors, LOSS, "receive_errors", NULL, "Bad packets received, of all kinds",
              .meaning = LOSES(RECEIVE, NIC, ERROR, 0, "receive errors", SHARED(NIC_FAULT), NULL),
              .role = ROLE_DEVICES, .title = "Receive errors"),
    STATISTIC(tx_errors, LOSS, "transmit_errors", NULL, "Transmit problems, of all kinds",
              .meaning = LOSES(TRANSMIT, NIC, ERROR, 1, "transmit errors", SHARED(NIC_FAULT), NULL),
              .title = "Transmit errors"),
    STATISTIC(rx_dropped, LOSS, "receive_dropped", NULL,
              "Packets received but not processed: no resources, unknown protocol, filtered address",
              .meaning = LOSES(RECEIVE, UNKNOWN, UNKNOWN, 2, "receive dropped: no room, or nobody wants it",
                               &remedy_dropped, NULL),
              .title = "Receive dropped"),
    STATISTIC(tx_dropped, LOSS, "transmit_dropped", NULL, "Packets dropped on their way out",
              .meaning =
                  LOSES(TRANSMIT, UNKNOWN, UNKNOWN, 3, "transmit dropped: no room, no carrier or too large",
                        &remedy_dropped, &queue_limit),
              .title = "Transmit dropped"),
    STATISTIC(multicast, TRAFFIC, "receive_multicast", NULL, "Multicast packets received"),
    STATISTIC(collisions, LOSS, "collisions", NULL, "Collisions while transmitting"),
    STATISTIC(rx_length_errors, LOSS, "receive_length_errors", NULL, "Packets dropped for an invalid length",
              .meaning = LOSES(RECEIVE, NIC, ERROR, 4, "receive length errors", SHARED(DAMAGED), NULL)),
    STATISTIC(rx_over_errors, LOSS, "receive_over_errors", NULL,
              "Packets that did not fit the buffers of the host, or receiver overflow events",
              .meaning = LOSES(RECEIVE, DRIVER, CAPACITY, 5, "receive over errors", SHARED(NIC_RING), NULL)),
    STATISTIC(rx_crc_errors, LOSS, "receive_crc_errors", NULL, "Packets received with a wrong checksum (CRC)",
              .meaning = LOSES(RECEIVE, NIC, ERROR, 6, "receive crc errors", SHARED(DAMAGED), NULL)),
    STATISTIC(rx_frame_errors, LOSS, "receive_frame_errors", NULL, "Packets received misaligned",
              .meaning = LOSES(RECEIVE, NIC, ERROR, 7, "receive frame errors", SHARED(DAMAGED), NULL)),
    STATISTIC(rx_fifo_errors, LOSS, "receive_fifo_errors", NULL, "Receiver queue overflow events",
              .meaning = LOSES(RECEIVE, NIC, CAPACITY, 8, "receive fifo errors", SHARED(NIC_RING),
                               &receive_ring_limit)),
    STATISTIC(rx_missed_errors, LOSS, "receive_missed", NULL,
              "Packets that the device dropped because the host gave it no buffer in time",
              .meaning =
                  LOSES(RECEIVE, NIC, CAPACITY, 9, "receive missed", SHARED(NIC_MISSED), &receive_ring_limit),
              .title = "Receive missed"),
    STATISTIC(tx_aborted_errors, LOSS, "transmit_aborted_errors", NULL,
              "Transmissions aborted: excessive collisions, or a general discard by the device",
              .meaning = LOSES(TRANSMIT, NIC, ERROR, 10, "transmit aborted", SHARED(NIC_FAULT), NULL)),
    STATISTIC(tx_carrier_errors, LOSS, "transmit_carrier_errors", NULL,
              "Transmissions that failed because the carrier was lost",
              .meaning = LOSES(TRANSMIT, NIC, ERROR, 11, "transmit carrier lost", SHARED(LINK_FLAPS), NULL)),
    STATISTIC(tx_fifo_errors, LOSS, "transmit_fifo_errors", NULL,
              "Transmissions that failed because the device's queue ran empty or over",
              .meaning = LOSES(TRANSMIT, NIC, CAPACITY, 12, "transmit fifo errors", SHARED(NIC_RING), NULL)),
    STATISTIC(tx_heartbeat_errors, LOSS, "transmit_heartbeat_errors", NULL,
              "Heartbeat (SQE test) errors of old half-duplex Ethernet"),
    STATISTIC(tx_window_errors, LOSS, "transmit_window_errors", NULL, "Late collisions",
              .meaning = LOSES(TRANSMIT, NIC, ERROR, 13, "transmit late collisions", SHARED(DUPLEX), NULL)),
    STATISTIC(rx_compressed, TRAFFIC, "receive_compressed", NULL, "Compressed packets received"),
    STATISTIC(tx_compressed, TRAFFIC, "transmit_compressed", NULL, "Compressed packets transmitted"),
    STATISTIC(rx_nohandler, LOSS, "receive_nohandler", NULL,
              "Packets dropped because the device is not meant to receive, such as the backup of a bond"),
    STATISTIC(rx_otherhost_dropped, LOSS, "receive_otherhost_dropped", NULL,
              "Packets dropped because their destination address is another host's"),
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

static const struct link_column numbers[LINK_NUMBER_COUNT] = {
    [LINK_CARRIER_CHANGES] = CHANGES("IFLA_CARRIER_CHANGES", "carrier_changes", "Changes of the carrier"),
    [LINK_CARRIER_UP_CHANGES] =
        CHANGES("IFLA_CARRIER_UP_COUNT", "carrier_up_changes", "Changes of the carrier to up"),
    [LINK_CARRIER_DOWN_CHANGES] =
        CHANGES("IFLA_CARRIER_DOWN_COUNT", "carrier_down_changes", "Changes of the carrier to down"),
    [LINK_UP] = GAUGE("ifinfomsg.ifi_flags IFF_UP and IFF_RUNNING", "up", NULL,
                      "1 where the link is administratively up and running", .role = ROLE_DEVICE_UP),
    [LINK_ADMIN_UP] = GAUGE("ifinfomsg.ifi_flags IFF_UP", "admin_up", NULL,
                            "1 where the link is administratively up", .role = ROLE_DEVICE_ADMIN_UP),
    [LINK_CARRIER] = GAUGE("IFLA_CARRIER", "carrier", NULL, "1 where the link has a carrier"),
    [LINK_MTU] = GAUGE("IFLA_MTU", "mtu_bytes", "bytes", "Largest packet that the link carries"),
    [LINK_TRANSMIT_QUEUE_LIMIT] =
        GAUGE("IFLA_TXQLEN", "transmit_queue_limit_packets", NULL,
              "Packets that the link's queue may hold, as far as the queue asks the link"),
};

const struct metric link_info_metric = {
    .name = "netdrop_link_info",
    .help = "What names the link, always 1",
    .source = "RTM_NEWLINK",
    .type = METRIC_INFO,
    .role = ROLE_DEVICE_ALIAS,
};

const struct metric link_excluded_metric = {
    .name = "netdrop_link_excluded_devices",
    .help = "Links that the device filter leaves out",
    .type = METRIC_GAUGE,
};

int link_columns_init(struct link_columns *columns, enum link_selection selection)
{
    struct metric metrics[LINK_STATISTIC_COUNT + LINK_NUMBER_COUNT];
    struct link_columns fresh = {};
    int error;

    for (uint8_t i = 0; i < LINK_STATISTIC_COUNT; i++) {
        if (selection == LINK_COLUMNS_LOSS && !statistics[i].loss)
            continue;
        metrics[fresh.statistic_count] = statistics[i].metric;
        fresh.statistics[fresh.statistic_count++] = i;
    }
    for (uint8_t i = 0; i < LINK_NUMBER_COUNT; i++) {
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

static_assert(LINK_STATISTIC_COUNT + LINK_NUMBER_COUNT <= 64, "presence bits are one word a row");

void link_columns_fill(const struct link_columns *columns, struct table *table, size_t row,
                       const struct link_statistics *values, const struct link *link)
{
    uint64_t *cells = &table->cells[row * table->columns->count];
    size_t count = columns->statistic_count;
    uint64_t present;

    /* A cell at a time, table_set() would be a fifth of the whole collection. */
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
