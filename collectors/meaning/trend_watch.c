/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/meaning/trend_watch.h"

/* See trend_watch.h. */

#include <string.h>

#include "base/cleanup.h"

static const struct remedy nic_ring = {
    "nic-ring", "A larger ring (ethtool -G), more queues, or an idler CPU for their interrupts"};
static const struct remedy nic_missed = {
    "nic-missed", "A larger ring (ethtool -G); else see whether its PCIe slot is fast enough"};
static const struct remedy nic_fault = {"nic-fault", "See the kernel's log (dmesg) and the driver's version"};
static const struct remedy link_dropped = {
    "link-dropped", "See the drop sites of the same device, and ethtool -S: drivers disagree on it"};
static const struct remedy duplex = {"duplex", "Compare speed and duplex of both ends (ethtool DEVICE)"};
static const struct remedy conntrack = {
    "conntrack", "Raise net.netfilter.nf_conntrack_max, or see who opens so many (conntrack -L)"};
static const struct remedy link_flaps = {"link-flaps", "Cable, transceiver, the switch's port"};

#define ADVICE(todo) .advice = &remedies[REMEDY_##todo]
#define LINK(family, text, todo)                                                                             \
    {                                                                                                        \
        .metric = "netdrop_link_" family "_total", .kind = TREND_LOSS, .subject = "{device}", .cause = text, \
        .advice = todo                                                                                       \
    }
#define TRAFFIC(family, text)                                                                                \
    {                                                                                                        \
        .metric = "netdrop_link_" family "_total", .kind = TREND_TRAFFIC, .subject = "{device}",             \
        .cause = text                                                                                        \
    }
#define PROTOCOL(protocol, field, text, todo)                                                                \
    {                                                                                                        \
        .metric = "netdrop_" protocol "_" field "_total", .kind = TREND_LOSS, .subject = protocol,           \
        .cause = text, ADVICE(todo)                                                                          \
    }
#define CONNTRACK(field, text)                                                                               \
    {                                                                                                        \
        .metric = "netdrop_conntrack_" field "_total", .kind = TREND_LOSS, .subject = "conntrack",           \
        .cause = text, .advice = &conntrack                                                                  \
    }
#define TCP(field, text, todo)                                                                               \
    {                                                                                                        \
        .metric = "netdrop_tcpext_" field "_total", .kind = TREND_LOSS, .subject = "tcp", .cause = text,     \
        ADVICE(todo)                                                                                         \
    }
#define NIC(which, is_kind, todo)                                                                            \
    {                                                                                                        \
        .metric = "netdrop_nic_lost_total", .label = "cause", .value = which, .kind = is_kind,               \
        .subject = "{device}", .cause = "{direction} {cause}", .advice = todo                                \
    }
#define QDISC(which, is_kind, todo)                                                                          \
    {                                                                                                        \
        .metric = "netdrop_qdisc_drops_total", .label = "kind", .value = which, .kind = is_kind,             \
        .subject = "{device}", .cause = "queue {kind} {handle}", ADVICE(todo)                                \
    }
#define SITES(loss_class, is_kind)                                                                           \
    {                                                                                                        \
        .metric = "netdrop_kernel_drops_total", .label = "class", .value = loss_class, .from_zero = true,    \
        .kind = is_kind, .subject = "{device}", .cause = "{reason} in {function}"                            \
    }

/* No loss: nohandler (a bond's backup), otherhost_dropped (promiscuous), collisions (sent again). */
const struct trend_watch trend_watches[] = {
    TRAFFIC("receive_packets", "received"),
    TRAFFIC("transmit_packets", "sent"),

    {.metric = "netdrop_softnet_dropped_total",
     .kind = TREND_LOSS,
     .subject = "softnet",
     .cause = "CPU backlog full",
     ADVICE(BACKLOG)},
    CONNTRACK("insert_failed", "connection not entered"),
    CONNTRACK("chain_too_long", "hash chain too long"),
    CONNTRACK("drop", "table full"),
    PROTOCOL("ip", "in_discards", "no memory to receive", MEMORY),
    PROTOCOL("ip", "out_discards", "not sent", TRANSMIT_QUEUE),
    PROTOCOL("ip", "reasm_fails", "fragments incomplete", FRAGMENTS),
    PROTOCOL("udp", "in_csum_errors", "wrong checksum", DAMAGED),
    PROTOCOL("udp", "sndbuf_errors", "send buffer full", TRANSMIT_QUEUE),
    PROTOCOL("udp", "mem_errors", "out of socket memory", MEMORY),
    PROTOCOL("udp", "rcvbuf_errors", "receive buffer full", SOCKET_BUFFER),
    {.metric = "netdrop_udp_socket_drops_total",
     .kind = TREND_LOSS,
     .subject = "udp port {local_port}",
     .cause = "receive buffer full",
     ADVICE(SOCKET_BUFFER)},
    PROTOCOL("udplite", "in_csum_errors", "wrong checksum", DAMAGED),
    PROTOCOL("udplite", "sndbuf_errors", "send buffer full", TRANSMIT_QUEUE),
    PROTOCOL("udplite", "mem_errors", "out of socket memory", MEMORY),
    PROTOCOL("udplite", "rcvbuf_errors", "receive buffer full", SOCKET_BUFFER),
    TCP("ofo_pruned", "out-of-order queue pruned", TCP_RECEIVE_QUEUE),
    TCP("rcv_pruned", "receive queue pruned", TCP_RECEIVE_QUEUE),
    TCP("tcp_rcv_q_drop", "receive queue full", TCP_RECEIVE_QUEUE),
    TCP("tcp_ofo_drop", "out-of-order queue full", TCP_RECEIVE_QUEUE),
    TCP("tcp_backlog_drop", "socket backlog full", TCP_RECEIVE_QUEUE),
    TCP("listen_drops", "connection refused by a listener", ACCEPT_QUEUE),
    TCP("listen_overflows", "listen queue full", ACCEPT_QUEUE),

    /* Sums of what follows them, as the kernel documents rtnl_link_stats64. */
    LINK("receive_errors", "receive errors", &nic_fault),
    LINK("transmit_errors", "transmit errors", &nic_fault),
    LINK("receive_dropped", "receive dropped", &link_dropped),
    LINK("transmit_dropped", "transmit dropped", &remedies[REMEDY_TRANSMIT_QUEUE]),
    LINK("receive_length_errors", "receive length errors", &remedies[REMEDY_DAMAGED]),
    LINK("receive_over_errors", "receive over errors", &nic_ring),
    LINK("receive_crc_errors", "receive crc errors", &remedies[REMEDY_DAMAGED]),
    LINK("receive_frame_errors", "receive frame errors", &remedies[REMEDY_DAMAGED]),
    LINK("receive_fifo_errors", "receive fifo errors", &nic_ring),
    LINK("receive_missed", "receive missed", &nic_missed),
    LINK("transmit_aborted_errors", "transmit aborted", &nic_fault),
    LINK("transmit_carrier_errors", "transmit carrier lost", &link_flaps),
    LINK("transmit_fifo_errors", "transmit fifo errors", &nic_ring),
    LINK("transmit_window_errors", "transmit late collisions", &duplex),

    NIC("filtered", TREND_OTHER, &remedies[REMEDY_NOTHING]),
    NIC("no_buffer", TREND_LOSS, &nic_ring),
    NIC("busy", TREND_LOSS, &nic_ring),
    NIC("missed", TREND_LOSS, &nic_missed),
    NIC("crc", TREND_LOSS, &remedies[REMEDY_DAMAGED]),
    NIC("length", TREND_LOSS, &remedies[REMEDY_DAMAGED]),
    NIC("link_down", TREND_LOSS, &link_flaps),
    NIC("collision", TREND_LOSS, &duplex),
    {.metric = "netdrop_nic_lost_total",
     .kind = TREND_LOSS,
     .subject = "{device}",
     .cause = "{direction} {cause}",
     .advice = &nic_fault},

    QDISC("clsact", TREND_OTHER, FIREWALL), /* drops what a filter tells it to */
    QDISC("ingress", TREND_OTHER, FIREWALL),
    {.metric = "netdrop_qdisc_drops_total",
     .kind = TREND_LOSS,
     .subject = "{device}",
     .cause = "queue {kind} {handle}",
     ADVICE(TRANSMIT_QUEUE)},

    SITES("capacity", TREND_LOSS),
    SITES("error", TREND_LOSS),
    SITES("policy", TREND_OTHER),
    SITES("benign", TREND_OTHER),
    SITES("unknown", TREND_OTHER),
};

const size_t trend_watch_count = ELEMENTS(trend_watches);

const char trend_devices_metric[] = "netdrop_link_receive_errors_total";

const struct trend_watch *trend_watch_find(const char *metric)
{
    for (size_t i = 0; i < trend_watch_count; i++)
        if (!strcmp(trend_watches[i].metric, metric))
            return &trend_watches[i];
    return NULL;
}

const struct trend_watch *trend_watch_row(const struct trend_watch *first, const struct row_set *rows,
                                          size_t row)
{
    const struct trend_watch *end = trend_watches + trend_watch_count;
    char value[32];

    for (const struct trend_watch *watch = first; watch < end && !strcmp(watch->metric, first->metric);
         watch++) {
        if (!watch->label || (row_set_label(rows, row, watch->label, value, sizeof(value)) >= 0 &&
                              !strcmp(value, watch->value)))
            return watch;
    }
    return NULL;
}

const struct drop_meaning *trend_watch_meaning(const struct row_set *rows, size_t row)
{
    char reason[64], function[64];

    if (row_set_label(rows, row, "reason", reason, sizeof(reason)) < 0 ||
        row_set_label(rows, row, "function", function, sizeof(function)) < 0)
        return NULL;
    return drop_meaning_find(reason, function);
}

/* The label named between braces at `at`, into the buffer; returns what follows the closing brace. */
static const char *fill_label(const char *at, const struct row_set *rows, size_t row, char *buffer,
                              size_t size)
{
    const char *end = strchr(at, '}');
    char name[32] = "";

    strncat(name, at + 1, (size_t)(end - at) - 1);
    if (row_set_label(rows, row, name, buffer, size) < 0)
        buffer[0] = '\0';
    return end + 1;
}

void trend_watch_text(const char *pattern, const struct row_set *rows, size_t row, char *buffer, size_t size)
{
    size_t used = 0, blanks;

    while (*pattern && used + 1 < size) {
        if (*pattern == '{') {
            pattern = fill_label(pattern, rows, row, buffer + used, size - used);
            used += strlen(buffer + used);
        } else {
            buffer[used++] = *pattern++;
        }
    }
    while (used > 0 && buffer[used - 1] == ' ')
        used--;
    buffer[used] = '\0';
    blanks = strspn(buffer, " ");
    memmove(buffer, buffer + blanks, used - blanks + 1);
}
