#include "daemon/trend_watch.h"

/* See trend_watch.h. */

#include <string.h>

#include "daemon/cleanup.h"

#define LINK(family, text)                                                                                   \
    {                                                                                                        \
        .metric = "netdrop_link_" family "_total", .kind = TREND_LOSS, .subject = "{device}", .cause = text  \
    }
#define TRAFFIC(family, text)                                                                                \
    {                                                                                                        \
        .metric = "netdrop_link_" family "_total", .kind = TREND_TRAFFIC, .subject = "{device}",             \
        .cause = text                                                                                        \
    }
#define PROTOCOL(protocol, field, text)                                                                      \
    {                                                                                                        \
        .metric = "netdrop_" protocol "_" field "_total", .kind = TREND_LOSS, .subject = protocol,           \
        .cause = text                                                                                        \
    }
#define TCP(field, text)                                                                                     \
    {                                                                                                        \
        .metric = "netdrop_tcpext_" field "_total", .kind = TREND_LOSS, .subject = "tcp", .cause = text      \
    }
#define QDISC(which, is_kind)                                                                                \
    {                                                                                                        \
        .metric = "netdrop_qdisc_drops_total", .label = "kind", .value = which, .kind = is_kind,             \
        .subject = "{device}", .cause = "queue {kind} {handle}"                                              \
    }
#define SITES(class, is_kind)                                                                                \
    {                                                                                                        \
        .metric = "netdrop_kernel_drops_total", .label = "class", .value = class, .from_zero = true,         \
        .kind = is_kind, .subject = "{device}", .cause = "{reason} in {function}"                            \
    }

/* No loss: nohandler (a bond's backup), otherhost_dropped (promiscuous), collisions (sent again). */
const struct trend_watch trend_watches[] = {
    TRAFFIC("receive_packets", "received"),
    TRAFFIC("transmit_packets", "sent"),

    {.metric = "netdrop_softnet_dropped_total",
     .kind = TREND_LOSS,
     .subject = "softnet",
     .cause = "CPU backlog full"},
    PROTOCOL("conntrack", "insert_failed", "connection not entered"),
    PROTOCOL("conntrack", "chain_too_long", "hash chain too long"),
    PROTOCOL("conntrack", "drop", "table full"),
    PROTOCOL("ip", "in_discards", "no memory to receive"),
    PROTOCOL("ip", "out_discards", "not sent"),
    PROTOCOL("ip", "reasm_fails", "fragments incomplete"),
    PROTOCOL("udp", "in_csum_errors", "wrong checksum"),
    PROTOCOL("udp", "sndbuf_errors", "send buffer full"),
    PROTOCOL("udp", "mem_errors", "out of socket memory"),
    PROTOCOL("udp", "rcvbuf_errors", "receive buffer full"),
    PROTOCOL("udplite", "in_csum_errors", "wrong checksum"),
    PROTOCOL("udplite", "sndbuf_errors", "send buffer full"),
    PROTOCOL("udplite", "mem_errors", "out of socket memory"),
    PROTOCOL("udplite", "rcvbuf_errors", "receive buffer full"),
    TCP("ofo_pruned", "out-of-order queue pruned"),
    TCP("rcv_pruned", "receive queue pruned"),
    TCP("tcp_rcv_q_drop", "receive queue full"),
    TCP("tcp_ofo_drop", "out-of-order queue full"),
    TCP("tcp_backlog_drop", "socket backlog full"),
    TCP("listen_drops", "connection refused by a listener"),
    TCP("listen_overflows", "listen queue full"),

    /* Sums of what follows them, as the kernel documents rtnl_link_stats64. */
    LINK("receive_errors", "receive errors"),
    LINK("transmit_errors", "transmit errors"),
    LINK("receive_dropped", "receive dropped"),
    LINK("transmit_dropped", "transmit dropped"),
    LINK("receive_length_errors", "receive length errors"),
    LINK("receive_over_errors", "receive over errors"),
    LINK("receive_crc_errors", "receive crc errors"),
    LINK("receive_frame_errors", "receive frame errors"),
    LINK("receive_fifo_errors", "receive fifo errors"),
    LINK("receive_missed", "receive missed"),
    LINK("transmit_aborted_errors", "transmit aborted"),
    LINK("transmit_carrier_errors", "transmit carrier lost"),
    LINK("transmit_fifo_errors", "transmit fifo errors"),
    LINK("transmit_window_errors", "transmit late collisions"),

    {.metric = "netdrop_nic_lost_total",
     .label = "cause",
     .value = "filtered",
     .kind = TREND_OTHER,
     .subject = "{device}",
     .cause = "{direction} {cause}"},
    {.metric = "netdrop_nic_lost_total",
     .kind = TREND_LOSS,
     .subject = "{device}",
     .cause = "{direction} {cause}"},

    QDISC("clsact", TREND_OTHER), /* drops what a filter tells it to */
    QDISC("ingress", TREND_OTHER),
    {.metric = "netdrop_qdisc_drops_total",
     .kind = TREND_LOSS,
     .subject = "{device}",
     .cause = "queue {kind} {handle}"},

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

void trend_watch_text(const char *template, const struct row_set *rows, size_t row, char *buffer, size_t size)
{
    size_t used = 0, blanks;

    while (*template && used + 1 < size) {
        if (*template == '{') {
            template = fill_label(template, rows, row, buffer + used, size - used);
            used += strlen(buffer + used);
        } else {
            buffer[used++] = *template ++;
        }
    }
    while (used > 0 && buffer[used - 1] == ' ')
        used--;
    buffer[used] = '\0';
    blanks = strspn(buffer, " ");
    memmove(buffer, buffer + blanks, used - blanks + 1);
}
