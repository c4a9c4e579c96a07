/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/snmp/snmp_node.h"

/* node_exporter's names for protocol counters, as in its collector/netstat_linux.go with the default
 * --collector.netstat.fields. node_exporter makes names from whatever the kernel shows; a newer field that
 * matches is missing here. The collector's thread. */

#include <string.h>

#include "base/cleanup.h"

static const char prefix[] = "node_netstat_";

#define METRIC(protocol, field, expression)                                                                  \
    {                                                                                                        \
        .metric = {.name = "node_netstat_" #protocol "_" #field,                                             \
                   .help = "Statistic " #protocol #field,                                                    \
                   .type = METRIC_UNKNOWN},                                                                  \
        .ours = expression                                                                                   \
    }
#define PLAIN(protocol, field, name)              METRIC(protocol, field, name)
#define VERSIONED(protocol, field, name, version) METRIC(protocol, field, name "{ip_version=\"" version "\"}")

static const struct node_metric metrics[] = {
    VERSIONED(Icmp6, InErrors, "netdrop_icmp_in_errors_total", "6"),
    VERSIONED(Icmp6, InMsgs, "netdrop_icmp_in_msgs_total", "6"),
    VERSIONED(Icmp6, OutMsgs, "netdrop_icmp_out_msgs_total", "6"),
    VERSIONED(Icmp, InErrors, "netdrop_icmp_in_errors_total", "4"),
    VERSIONED(Icmp, InMsgs, "netdrop_icmp_in_msgs_total", "4"),
    VERSIONED(Icmp, OutMsgs, "netdrop_icmp_out_msgs_total", "4"),
    VERSIONED(Ip6, InOctets, "netdrop_ip_in_octets_total", "6"),
    VERSIONED(Ip6, OutOctets, "netdrop_ip_out_octets_total", "6"),
    PLAIN(IpExt, InOctets, "netdrop_ipext_in_octets_total"),
    PLAIN(IpExt, OutOctets, "netdrop_ipext_out_octets_total"),
    VERSIONED(Ip, Forwarding, "netdrop_ip_forwarding", "4"),
    PLAIN(TcpExt, ListenDrops, "netdrop_tcpext_listen_drops_total"),
    PLAIN(TcpExt, ListenOverflows, "netdrop_tcpext_listen_overflows_total"),
    PLAIN(TcpExt, SyncookiesFailed, "netdrop_tcpext_syncookies_failed_total"),
    PLAIN(TcpExt, SyncookiesRecv, "netdrop_tcpext_syncookies_recv_total"),
    PLAIN(TcpExt, SyncookiesSent, "netdrop_tcpext_syncookies_sent_total"),
    PLAIN(TcpExt, TCPOFOQueue, "netdrop_tcpext_tcp_ofo_queue_total"),
    PLAIN(TcpExt, TCPRcvQDrop, "netdrop_tcpext_tcp_rcv_q_drop_total"),
    PLAIN(TcpExt, TCPSynRetrans, "netdrop_tcpext_tcp_syn_retrans_total"),
    PLAIN(TcpExt, TCPTimeouts, "netdrop_tcpext_tcp_timeouts_total"),
    PLAIN(Tcp, ActiveOpens, "netdrop_tcp_active_opens_total"),
    PLAIN(Tcp, CurrEstab, "netdrop_tcp_curr_estab"),
    PLAIN(Tcp, InErrs, "netdrop_tcp_in_errs_total"),
    PLAIN(Tcp, InSegs, "netdrop_tcp_in_segs_total"),
    PLAIN(Tcp, OutRsts, "netdrop_tcp_out_rsts_total"),
    PLAIN(Tcp, OutSegs, "netdrop_tcp_out_segs_total"),
    PLAIN(Tcp, PassiveOpens, "netdrop_tcp_passive_opens_total"),
    PLAIN(Tcp, RetransSegs, "netdrop_tcp_retrans_segs_total"),
    VERSIONED(Udp6, InDatagrams, "netdrop_udp_in_datagrams_total", "6"),
    VERSIONED(Udp6, InErrors, "netdrop_udp_in_errors_total", "6"),
    VERSIONED(Udp6, NoPorts, "netdrop_udp_no_ports_total", "6"),
    VERSIONED(Udp6, OutDatagrams, "netdrop_udp_out_datagrams_total", "6"),
    VERSIONED(Udp6, RcvbufErrors, "netdrop_udp_rcvbuf_errors_total", "6"),
    VERSIONED(Udp6, SndbufErrors, "netdrop_udp_sndbuf_errors_total", "6"),
    VERSIONED(UdpLite6, InErrors, "netdrop_udplite_in_errors_total", "6"),
    VERSIONED(UdpLite, InErrors, "netdrop_udplite_in_errors_total", "4"),
    VERSIONED(Udp, InDatagrams, "netdrop_udp_in_datagrams_total", "4"),
    VERSIONED(Udp, InErrors, "netdrop_udp_in_errors_total", "4"),
    VERSIONED(Udp, NoPorts, "netdrop_udp_no_ports_total", "4"),
    VERSIONED(Udp, OutDatagrams, "netdrop_udp_out_datagrams_total", "4"),
    VERSIONED(Udp, RcvbufErrors, "netdrop_udp_rcvbuf_errors_total", "4"),
    VERSIONED(Udp, SndbufErrors, "netdrop_udp_sndbuf_errors_total", "4"),
};

static const struct node_names netstat = {
    .collector = "netstat",
    .metrics = metrics,
    .count = ELEMENTS(metrics),
    .note =
        "Those that it shows by default. Ours of them that tell of no loss want `collectors.snmp.fields.include`.",
};

const struct node_names *const snmp_node[] = {&netstat, NULL};

int snmp_node_find(const struct snmp_field *field)
{
    for (size_t i = 0; i < ELEMENTS(metrics); i++)
        if (snmp_text_joins(metrics[i].metric.name + strlen(prefix), field->protocol, field->name))
            return (int)i;
    return -1;
}
