/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/protocols/snmp_ledger.h"

/*
 * Says which protocol counters drop sites explain. Constant data; any thread. Protocols are listed without
 * their 6. A field may be a glob, which matches names that newer kernels add.
 */

#include <fnmatch.h>
#include <stdio.h>

#include "base/cleanup.h"

struct entry {
    const char *protocol;
    const char *field;
    struct ledger_rule rules[3]; /* the last ends the list */
};

/* Drop sites count all namespaces. So for other namespaces, only counters that drop sites do not see add a
 * loss. */
static const struct ledger_rule rest_of_others[] = {
    {.mode = LEDGER_DETAIL,
     .source = "As for this namespace's own counter. Drop sites count the drops of all namespaces"},
    {},
};

#define ENTRY(the_protocol, the_field, the_mode, text)                                                       \
    {                                                                                                        \
        the_protocol, the_field,                                                                             \
        {                                                                                                    \
            {.mode = LEDGER_##the_mode, .source = text},                                                     \
        }                                                                                                    \
    }
/* A counter that is no row of the ledger, and the causes that move it as well. */
#define DETAIL(the_protocol, the_field, text, ...)                                                           \
    {                                                                                                        \
        the_protocol, the_field,                                                                             \
        {                                                                                                    \
            {.mode = LEDGER_DETAIL, .source = text, .by = {__VA_ARGS__}},                                    \
        }                                                                                                    \
    }
#define REST(the_protocol, the_field, where, way, text, ...)                                                 \
    {                                                                                                        \
        the_protocol, the_field,                                                                             \
        {                                                                                                    \
            {.mode = LEDGER_REST,                                                                            \
             .stage = STAGE_##where,                                                                         \
             .direction = DIRECTION_##way,                                                                   \
             .source = text,                                                                                 \
             .by = {__VA_ARGS__}},                                                                           \
        }                                                                                                    \
    }
#define ROW(the_protocol, the_field, the_class, name, text, ...)                                             \
    {                                                                                                        \
        the_protocol, the_field,                                                                             \
        {                                                                                                    \
            {.mode = LEDGER_ROW,                                                                             \
             .stage = STAGE_TRANSPORT,                                                                       \
             .direction = DIRECTION_RECEIVE,                                                                 \
             .loss_class = LOSS_##the_class,                                                                 \
             .cause = name,                                                                                  \
             .source = text,                                                                                 \
             .by = {__VA_ARGS__}},                                                                           \
        }                                                                                                    \
    }
/* The cause in our namespace, in the row's IP version. */
#define V(cause)                                                                                             \
    {                                                                                                        \
        cause, JOIN_IP_VERSION                                                                               \
    }
#define NS(cause)                                                                                            \
    {                                                                                                        \
        cause, JOIN_NETNS                                                                                    \
    }
/* Waiting fragments have no device, so their namespace is not known. */
#define HOST(cause)                                                                                          \
    {                                                                                                        \
        cause, JOIN_HOST                                                                                     \
    }

#define UDP_ERRORS_BY                                                                                        \
    V("udp_receive_buffer_full"), V("udp_memory_full"), V("udp_checksum"), V("udp_socket_filter"),           \
        V("udp_truncated"), V("ipsec_policy")
#define UDP_ERRORS(text)                                                                                     \
    .mode = LEDGER_REST, .stage = STAGE_TRANSPORT, .direction = DIRECTION_RECEIVE, .source = text
#define UDP_ERRORS_SOURCE                                                                                    \
    "udp.c: __udp_queue_rcv_skb(), udp_queue_rcv_one_skb(), __udp4_lib_rcv(), udp_recvmsg() and their "      \
    "twins, each together with a more specific counter. Without what Linux 6.18 drops for lack of memory "   \
    "while it queues many at once (__udp_enqueue_schedule_skb())"

/* If an IPsec policy refuses what nobody listens to, __udp6_lib_rcv() counts an error and says NO_SOCKET. */
#define UDP_IN_ERRORS(protocol)                                                                              \
    {                                                                                                        \
        protocol, "InErrors",                                                                                \
        {                                                                                                    \
            {.when = {"ip_version", "6"},                                                                    \
             UDP_ERRORS(UDP_ERRORS_SOURCE "; __udp6_lib_rcv() for an IPsec policy where nobody listens"),    \
             .by = {UDP_ERRORS_BY, V("udp_nobody_listens")}},                                                \
                {UDP_ERRORS(UDP_ERRORS_SOURCE), .by = {UDP_ERRORS_BY}},                                      \
        }                                                                                                    \
    }

/* UDP and UDP-Lite share their code. */
#define UDP(protocol)                                                                                        \
    REST(protocol, "NoPorts", TRANSPORT, RECEIVE, "udp.c __udp4_lib_rcv(), __udp6_lib_rcv(): freed there",   \
         V("udp_nobody_listens")),                                                                           \
        UDP_IN_ERRORS(protocol),                                                                             \
        DETAIL(protocol, "RcvbufErrors", "udp.c __udp_queue_rcv_skb(); InErrors counts them all",            \
               V("udp_receive_buffer_full")),                                                                \
        DETAIL(protocol, "MemErrors", "udp.c __udp_queue_rcv_skb(); InErrors counts them all",               \
               V("udp_memory_full")),                                                                        \
        DETAIL(protocol, "InCsumErrors", "udp.c __udp4_lib_rcv(), udp_recvmsg(); InErrors counts them all",  \
               V("udp_checksum")),                                                                           \
        ENTRY(protocol, "IgnoredMulti", DETAIL,                                                              \
              "udp.c __udp4_lib_mcast_deliver(): freed there; nobody needs it"),                             \
        ENTRY(protocol, "SndbufErrors", TOLD,                                                                \
              "udp.c udp_send_skb(), udp_sendmsg(): no room in a queue or the send buffer. A drop site "     \
              "counts what a queue dropped; for the rest no packet was made")

static const struct entry entries[] = {
    REST(
        "Ip", "InHdrErrors", NETWORK, RECEIVE,
        "ip_rcv_core(), ip_rcv_finish_core() for options, ip_forward() for the TTL, ip6_rcv_core(), ip6_forward(), "
        "exthdrs.c, reassembly.c for a bad fragment header: freed there",
        V("ip_header"), V("ip_checksum"), V("ttl_exceeded"), V("ipv6_extension_header"),
        V("invalid_protocol"), V("martian_source")),
    REST("Ip", "InAddrErrors", NETWORK, RECEIVE,
         "route.c ip_error(), ip6_pkt_drop(), ip6_forward(), exthdrs.c: freed there", V("ip_forwarding_off"),
         V("ipv6_extension_header")),
    REST("Ip", "InUnknownProtos", NETWORK, RECEIVE,
         "ip_protocol_deliver_rcu(), ip6_protocol_deliver_rcu(): freed there", V("ip_unknown_protocol")),
    REST(
        "Ip", "InDiscards", NETWORK, RECEIVE,
        "ip_rcv_core() and ip_rcv_options() without memory, ip6_rcv_core() where IPv6 is off, "
        "ip6_protocol_deliver_rcu() for a group that nobody joined, ip6_forward() for IPsec, l2tp_ip.c. The rest: "
        "no memory for a copy, so that there was no skb to free (skb_share_check())",
        V("ipv6_disabled"), V("no_memory"), V("ipsec_policy"), V("ip_forwarding_off"),
        V("multicast_unwanted"), V("socket_receive_buffer_full")),
    REST("Ip", "InNoRoutes", NETWORK, FORWARD, "net/ipv6/route.c ip6_pkt_drop(): freed there",
         V("ip_no_route"), V("ip_route_refused")),
    REST("IpExt", "InNoRoutes", NETWORK, FORWARD, "net/ipv4/route.c ip_error(): freed there",
         NS("ip_no_route")),
    ENTRY("Ip", "InTooBigErrors", DETAIL, "ip6_forward(); FragFails counts them all"),
    REST("Ip", "InTruncatedPkts", NETWORK, RECEIVE, "ip6_rcv_core(): freed there", V("ip_truncated")),
    REST("IpExt", "InTruncatedPkts", NETWORK, RECEIVE, "ip_rcv_core(): freed there", NS("ip_truncated")),
    DETAIL("IpExt", "InCsumErrors", "ip_rcv_core(); InHdrErrors counts them all", NS("ip_checksum")),
    REST("Ip", "FragFails", NETWORK, FORWARD,
         "ip_forward(), ip6_forward(), ip_fragment(), ip_do_fragment(), ip6_fragment(): freed there",
         V("ip_too_big"), V("ip_fragmentation_failed")),
    REST(
        "Ip", "ReasmFails", NETWORK, RECEIVE,
        "ip_fragment.c and reassembly.c: ip_expire(), ip_defrag(), ip_frag_queue(), ip_frag_reasm() and their "
        "twins. Counts once per packet, while drop sites count its fragments: at least as many",
        HOST("fragment_timeout"), HOST("fragment_memory_full"), HOST("fragment_invalid"),
        HOST("fragment_given_up"), HOST("fragment_too_far")),
    DETAIL("Ip", "ReasmTimeout", "ip_expire(), ip6frag_expire_frag_queue(); ReasmFails counts them all",
           HOST("fragment_timeout")),
    ENTRY("IpExt", "ReasmOverlaps", DETAIL, "ip_frag_queue(); ReasmFails counts them all"),
    ENTRY("Ip", "ReasmOverlaps", DETAIL, "ip6_frag_queue(); ReasmFails counts them all"),
    ENTRY(
        "Ip", "OutDiscards", TOLD,
        "ip_send_skb(), __ip_append_data(), ip6_output(), ip6_forward(): a drop site counts what a rule, a queue "
        "or a device refused; the rest are calls that got EAGAIN or ENOBUFS before there was a packet"),
    ENTRY("Ip", "OutNoRoutes", TOLD,
          "ip_route_output_flow() failed, and the call got ENETUNREACH before there was a packet. A drop "
          "site counts what ip6_pkt_discard_out() frees"),

    REST("Icmp", "InCsumErrors", NETWORK, RECEIVE, "icmp_rcv(), icmpv6_rcv(): freed there",
         V("icmp_checksum")),
    ENTRY(
        "Icmp", "InErrors", SYMPTOM,
        "icmp_rcv(), icmpv6_rcv() for malformed messages, which a drop site counts; tcp_v4_err(), __udp4_lib_err() "
        "and their twins for messages about connections that are gone, which were read"),
    ENTRY("Icmp", "OutErrors", SYMPTOM, "icmp_push_reply(): an answer could not be made"),
    ENTRY("Icmp", "*DestUnreachs", SYMPTOM,
          "icmp_send(), icmpv6_send(): a packet was refused here or elsewhere"),
    ENTRY("Icmp", "*TimeExcds", SYMPTOM,
          "icmp_send(), icmpv6_send(): a packet was refused here or elsewhere"),
    ENTRY("Icmp", "*ParmProb*", SYMPTOM,
          "icmp_send(), icmpv6_send(): a packet was refused here or elsewhere"),
    ENTRY("Icmp", "*PktTooBigs", SYMPTOM, "icmpv6_send(): a packet was refused here or elsewhere"),
    ENTRY("Icmp", "OutRateLimit*", SYMPTOM,
          "icmpv4_xrlim_allow(), icmpv6_xrlim_allow(): a message was not made"),

    UDP("Udp"),
    UDP("UdpLite"),

    REST("Tcp", "InErrs", TRANSPORT, RECEIVE,
         "tcp_v4_rcv(), tcp_v6_rcv(), tcp_add_backlog(), tcp_v4_do_rcv(): "
         "freed there",
         NS("tcp_checksum"), NS("tcp_truncated")),
    DETAIL("Tcp", "InCsumErrors", "tcp_v4_rcv(), tcp_add_backlog(); InErrs counts them all",
           NS("tcp_checksum")),
    ENTRY("Tcp", "AttemptFails", SYMPTOM, "tcp_done(): a connection failed, the segments count elsewhere"),
    ENTRY("Tcp", "EstabResets", SYMPTOM, "tcp_set_state(): a connection was reset"),
    ENTRY("Tcp", "RetransSegs", SYMPTOM, "__tcp_retransmit_skb(): something was lost on the way, or late"),
    ENTRY("Tcp", "OutRsts", SYMPTOM, "tcp_v4_send_reset(), tcp_send_active_reset()"),

    ROW("TcpExt", "ListenDrops", CAPACITY, "tcp_listen_drop",
        "tcp_listendrop(), from tcp_conn_request() for a SYN and tcp_v4_syn_recv_sock() for the last ACK: the accept queue "
        "or that of requests is full, or no memory or route. The SYN is consumed, so that no place sees it; the ACK is "
        "freed in tcp_v4_rcv(), until 6.12 without a reason",
        HOST("tcp_listen_overflow")),
    DETAIL("TcpExt", "ListenOverflows",
           "tcp_conn_request(), tcp_v4_syn_recv_sock(); ListenDrops counts them all", NS("tcp_listen_drop")),
    ENTRY("TcpExt", "TCPReqQFullDrop", DETAIL, "tcp_syn_flood_action(); ListenDrops counts them all"),
    ENTRY("TcpExt", "TCPReqQFullDoCookies", SYMPTOM, "tcp_syn_flood_action(): answered by a cookie"),
    ENTRY("TcpExt", "TCPFastOpenListenOverflow", SYMPTOM,
          "tcp_fastopen_queue_check(): the SYN is answered without data"),
    ENTRY("TcpExt", "TCPDeferAcceptDrop", SYMPTOM, "tcp_check_req(): an ACK is passed over until data comes"),
    REST("TcpExt", "TCPBacklogDrop", TRANSPORT, RECEIVE, "tcp_add_backlog(): freed in tcp_v4_rcv()",
         NS("socket_backlog_full")),
    REST("TcpExt", "TCPRcvQDrop", TRANSPORT, RECEIVE, "tcp_data_queue(): freed there", NS("tcp_memory_full")),
    REST("TcpExt", "TCPOFODrop", TRANSPORT, RECEIVE, "tcp_data_queue_ofo(): freed there",
         NS("tcp_memory_full")),
    REST("TcpExt", "TCPZeroWindowDrop", TRANSPORT, RECEIVE, "tcp_data_queue(): freed there",
         NS("tcp_zerowindow")),
    REST("TcpExt", "PFMemallocDrop", TRANSPORT, RECEIVE,
         "sk_filter_trim_cap(), tcp_add_backlog(): freed by the caller, in 6.1 as if a filter had refused it",
         NS("no_memory"), NS("tcp_socket_filter"), NS("udp_socket_filter"), NS("socket_filter")),
    ENTRY("TcpExt", "PruneCalled", SYMPTOM, "tcp_prune_queue(): times that it was called"),
    ENTRY("TcpExt", "RcvPruned", SYMPTOM,
          "tcp_prune_queue(): it freed too little; TCPRcvQDrop and TCPOFODrop count what is dropped then"),
    ENTRY("TcpExt", "OfoPruned", SYMPTOM, "tcp_prune_ofo_queue(): times; drop sites count the segments"),
    ENTRY("TcpExt", "TCPRcvCollapsed", SYMPTOM, "tcp_collapse(): nothing is lost"),
    REST("TcpExt", "IPReversePathFilter", NETWORK, RECEIVE, "ip_rcv_finish_core(): freed there",
         NS("rp_filter")),
    REST(
        "TcpExt", "PAWSEstab", TRANSPORT, RECEIVE,
        "tcp_validate_incoming(), tcp_check_req(), tcp_timewait_state_process(): freed by them or tcp_v4_rcv()",
        NS("tcp_rfc7323_paws"), NS("tcp_time_wait")),
    REST("TcpExt", "PAWSTimewait", TRANSPORT, RECEIVE, "tcp_timewait_state_process(): freed in tcp_v4_rcv()",
         NS("tcp_rfc7323_tw_paws"), NS("tcp_time_wait")),
    ENTRY("TcpExt", "PAWS*", DETAIL, "tcp_validate_incoming(), tcp_rcv_synsent_state_process(): freed there"),
    ENTRY("TcpExt", "BeyondWindow", DETAIL, "tcp_validate_incoming(): freed there, as tcp_invalid_sequence"),
    ENTRY("TcpExt", "TSEcrRejected", DETAIL, "tcp_check_req(): freed in tcp_v4_rcv(), as tcp_rfc7323_tsecr"),
    ENTRY("TcpExt", "TCPMD5*", DETAIL,
          "tcp_inbound_md5_hash(): freed in tcp_v4_rcv(), each for a reason of its own"),
    ENTRY("TcpExt", "TCPAODroppedIcmps", SYMPTOM,
          "tcp_ao_ignore_icmp(): the message is read and not believed"),
    ENTRY("TcpExt", "TCPAO[!G]*", DETAIL,
          "tcp_inbound_ao_hash(): freed in tcp_v4_rcv(), each for a reason of its own"),
    ENTRY("TcpExt", "TCPMinTTLDrop", DETAIL,
          "tcp_v4_rcv(): freed there, as tcp_minttl; tcp_v4_err() for ICMP"),
    ENTRY("TcpExt", "LockDroppedIcmps", SYMPTOM,
          "tcp_v4_err(): the message comes while the socket is in use"),
    ENTRY("TcpExt", "OutOfWindowIcmps", SYMPTOM, "tcp_v4_err(): the message is read and not believed"),
    ENTRY("TcpExt", "ArpFilter", SYMPTOM, "arp_filter(): the request is read and not answered"),
    ENTRY("TcpExt", "SyncookiesFailed", SYMPTOM, "cookie_v4_check(): the segment is answered by a reset"),
    ENTRY("TcpExt", "EmbryonicRsts", SYMPTOM, "tcp_check_req()"),
    ENTRY("TcpExt", "TCPTimeWaitOverflow", SYMPTOM, "tcp_time_wait(): a connection ends without that state"),
    ENTRY("TcpExt", "TCPRetransFail", TOLD, "__tcp_retransmit_skb(): TCP itself is told, and sends it again"),
    ENTRY("TcpExt", "TCPPrequeueDropped", SYMPTOM,
          "tcp_prequeue(), until Linux 4.14: processed at once, not lost"),
    ENTRY("TcpExt", "TCPLoss*", SYMPTOM, "tcp_input.c: how the sender makes up for what was lost on the way"),
    ENTRY("TcpExt", "TCPLostRetransmit", SYMPTOM,
          "tcp_input.c: how the sender makes up for what was lost on the way"),
    ENTRY("TcpExt", "*Retrans", SYMPTOM, "__tcp_retransmit_skb(): why a segment is sent again"),
    ENTRY("TcpExt", "TCPTimeouts", SYMPTOM, "tcp_write_timeout(), tcp_retransmit_timer()"),
    ENTRY("TcpExt", "TCPAbort*", SYMPTOM,
          "a connection was given up; drop sites count the packets that waited"),
    ENTRY("TcpExt", "TCPSACKDiscard", SYMPTOM, "tcp_sacktag_write_queue(): an option that made no sense"),
    ENTRY("TcpExt", "TCPDSACKIgnored*", SYMPTOM, "tcp_sacktag_write_queue(): an option that was not used"),
    ENTRY("TcpExt", "DelayedACKLost", SYMPTOM, "tcp_send_dupack(): the peer sent something again"),
    ENTRY("TcpExt", "*Failures", SYMPTOM, "tcp_input.c, tcp_timer.c: a recovery failed, and another begins"),
    ENTRY("TcpExt", "*Fail", SYMPTOM, "tcp_input.c, tcp_fastopen.c: something was tried and did not work"),
    ENTRY("TcpExt", "TCPSchedulerFailed", SYMPTOM, "tcp_delack_timer(), until Linux 4.14"),
    ENTRY("TcpExt", "TCPMigrateReqFailure", SYMPTOM,
          "reuseport_migrate_sock(): a request found no other listener"),

    ROW("MPTcpExt", "RcvPruned", CAPACITY, "mptcp_receive_memory",
        "__mptcp_move_skb(), until Linux 6.12: the buffer of the whole connection is full. __kfree_skb() has no "
        "tracepoint, so that no place sees it"),
    ENTRY("MPTcpExt", "*Drop", SYMPTOM,
          "net/mptcp: an option or a signal was passed over; the segment was not lost"),
    ENTRY("MPTcpExt", "*Err", SYMPTOM, "net/mptcp: a subflow failed or its checksum was wrong"),
    ENTRY("MPTcpExt", "*Fail*", SYMPTOM, "net/mptcp: a subflow failed, or the peer says so"),
    ENTRY("MPTcpExt", "*No[A-Z]*", SYMPTOM, "net/mptcp: data or tokens that fit no connection"),
    ENTRY("MPTcpExt", "MPTCPRetrans", SYMPTOM, "__mptcp_retrans(): data go by another subflow"),
};

static const struct entry *find(const struct snmp_field *field, const struct snmp_name *name)
{
    struct snmp_text protocol = snmp_name_protocol(field, name);
    char text[SNMP_FIELD_MAX + 1];

    (void)snprintf(text, sizeof(text), "%.*s", (int)field->name.size, field->name.data);
    for (size_t i = 0; i < ELEMENTS(entries); i++)
        if (snmp_text_is(protocol, entries[i].protocol) && fnmatch(entries[i].field, text, 0) == 0)
            return &entries[i];
    return NULL;
}

const struct ledger_rule *snmp_ledger(const struct snmp_field *field, const struct snmp_name *name,
                                      enum snmp_place place)
{
    const struct entry *entry = find(field, name);

    if (!entry)
        return NULL;
    return place == SNMP_OTHER && entry->rules[0].mode == LEDGER_REST ? rest_of_others : entry->rules;
}
