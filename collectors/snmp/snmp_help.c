/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/snmp/snmp_help.h"

/* Data. Each sentence follows the code that counts, not the RFC; protocols stand here without their 6. */

#include <string.h>

#include "base/cleanup.h"

struct help {
    const char *protocol;
    const char *field;
    const char *text;
};

static const struct help texts[] = {
    {"Ip", "InReceives", "IP packets received, bad ones included"},
    {"Ip", "InDelivers", "IP packets handed to a protocol of this host"},
    {"Ip", "OutRequests", "IP packets that protocols of this host asked to send"},
    {"Ip", "InHdrErrors",
     "Packets dropped for their IP header: checksum, version or length wrong, or the time to live used up "
     "while forwarding (routing loop, traceroute)"},
    {"Ip", "InAddrErrors",
     "Packets dropped because they are not for this host and it does not forward: often a stale route or "
     "neighbour entry on another machine"},
    {"Ip", "InUnknownProtos", "Packets dropped because nothing on this host handles their IP protocol"},
    {"Ip", "InDiscards", "Sound packets dropped on receipt, mostly for want of memory"},
    {"Ip", "InNoRoutes", "Packets received for forwarding and dropped because no route leads on"},
    {"Ip", "InTooBigErrors",
     "Packets received for forwarding and dropped because they exceed the next link's MTU"},
    {"Ip", "InTruncatedPkts", "Packets shorter than their header says, usually damaged on the way"},
    {"Ip", "OutDiscards",
     "Packets dropped on the way out: a full or limiting queue discipline, a firewall rule on output, or no "
     "memory"},
    {"Ip", "OutNoRoutes", "Packets not sent because no route leads to their destination"},
    {"Ip", "ReasmFails",
     "Reassemblies that failed: fragments lost on the way, or reassembly memory (ipfrag_high_thresh) full"},
    {"Ip", "ReasmTimeout",
     "Packets given up because fragments were still missing after ipfrag_time: loss on the way"},
    {"Ip", "FragFails",
     "Packets that exceed the MTU and may not be fragmented: path MTU discovery at work, or broken by "
     "filtered ICMP"},

    {"IpExt", "InNoRoutes", "Packets received for forwarding and dropped because no route leads on"},
    {"IpExt", "InTruncatedPkts", "Packets shorter than their header says, usually damaged on the way"},
    {"IpExt", "InCsumErrors", "Packets with a wrong IP header checksum: damage on the way or a faulty NIC"},
    {"IpExt", "ReasmOverlaps", "Packets dropped because their fragments overlap: an attack, or damage"},

    {"Icmp", "InMsgs", "ICMP messages received, bad ones included"},
    {"Icmp", "OutMsgs", "ICMP messages that this host tried to send"},
    {"Icmp", "InErrors",
     "ICMP messages received with a wrong checksum or length, or about a connection unknown here"},
    {"Icmp", "InCsumErrors", "ICMP messages with a wrong checksum: damage on the way or a faulty NIC"},
    {"Icmp", "InDestUnreachs",
     "Destination-unreachable messages received: something refused or could not deliver what this host sent"},
    {"Icmp", "OutDestUnreachs",
     "Destination-unreachable messages sent: closed UDP ports, rejecting firewall rules, neighbours that do "
     "not answer"},
    {"Icmp", "InTimeExcds", "Time-exceeded messages received: a routing loop, or traceroute run here"},
    {"Icmp", "OutTimeExcds",
     "Time-exceeded messages sent: a routing loop, traceroute through this host, or fragments that never came"},
    {"Icmp", "InParmProbs",
     "Parameter-problem messages received: somebody dropped a packet of this host for its header"},
    {"Icmp", "OutParmProbs", "Parameter-problem messages sent: a packet was dropped here for its header"},
    {"Icmp", "InParmProblems",
     "Parameter-problem messages received: somebody dropped a packet of this host for its header"},
    {"Icmp", "OutParmProblems", "Parameter-problem messages sent: a packet was dropped here for its header"},
    {"Icmp", "OutRateLimitGlobal",
     "ICMP messages not sent because of the limit for the host (icmp_msgs_per_sec)"},
    {"Icmp", "OutRateLimitHost",
     "ICMP messages not sent because of the limit for one destination (icmp_ratelimit)"},

    {"Tcp", "ActiveOpens", "Connections that this host began"},
    {"Tcp", "PassiveOpens", "Connections that peers began and a listening socket took up"},
    {"Tcp", "InSegs", "TCP segments received, bad ones included"},
    {"Tcp", "OutSegs", "TCP segments sent, without those sent again"},
    {"Tcp", "AttemptFails",
     "Connections that failed before they were established: refused, reset or timed out"},
    {"Tcp", "EstabResets",
     "Established connections that ended at once, by a reset sent or received or by a timeout"},
    {"Tcp", "RetransSegs",
     "Segments sent again: loss, congestion or reordering on the way, or a peer gone silent"},
    {"Tcp", "InErrs", "Segments dropped as bad: wrong checksum or header length"},
    {"Tcp", "InCsumErrors", "Segments with a wrong TCP checksum: damage on the way or a faulty NIC"},
    {"Tcp", "OutRsts",
     "Resets sent: connections to closed ports, aborted sockets, segments for connections that are gone"},
    {"Tcp", "CurrEstab", "Connections that are established or wait for the application to close"},

    {"Udp", "InDatagrams", "UDP datagrams that applications got"},
    {"Udp", "OutDatagrams", "UDP datagrams sent"},
    {"Udp", "NoPorts", "Datagrams dropped because no socket is bound to their port"},
    {"Udp", "InErrors",
     "Datagrams dropped on receipt: full socket buffer, wrong checksum, no memory (RcvbufErrors, InCsumErrors "
     "and MemErrors are part of it)"},
    {"Udp", "RcvbufErrors",
     "Datagrams dropped because the socket's receive buffer was full: the application reads too slowly, or "
     "the buffer (SO_RCVBUF, net.core.rmem_max) is too small for bursts"},
    {"Udp", "SndbufErrors",
     "Datagrams not sent because a queue or buffer was full: the sender outruns the device or a limiting "
     "queue discipline"},
    {"Udp", "InCsumErrors", "Datagrams with a wrong UDP checksum: damage on the way or a faulty NIC"},
    {"Udp", "MemErrors", "Datagrams dropped because UDP's share of memory (net.ipv4.udp_mem) was used up"},
    {"Udp", "IgnoredMulti", "Broadcast and multicast datagrams that no socket here wanted"},

    {"TcpExt", "ListenOverflows",
     "Connections not taken up because the accept queue was full: the application accepts too slowly, or its "
     "backlog (listen(), net.core.somaxconn) is too small"},
    {"TcpExt", "ListenDrops",
     "Connections that listening sockets dropped for whatever reason, ListenOverflows included"},
    {"TcpExt", "SyncookiesSent",
     "SYN cookies sent because the queue of half-open connections was full: a SYN flood, or a backlog too small"},
    {"TcpExt", "SyncookiesRecv", "Connections completed by a valid SYN cookie"},
    {"TcpExt", "SyncookiesFailed", "Segments that brought a wrong or outdated SYN cookie"},
    {"TcpExt", "EmbryonicRsts", "Resets received for half-open connections"},
    {"TcpExt", "TCPReqQFullDoCookies",
     "SYNs answered by a cookie because the queue of half-open connections was full: a SYN flood, or a backlog "
     "too small"},
    {"TcpExt", "TCPReqQFullDrop",
     "SYNs dropped because the queue of half-open connections was full and cookies are off"},
    {"TcpExt", "TCPDeferAcceptDrop",
     "Final ACKs of handshakes passed over on TCP_DEFER_ACCEPT sockets until data comes: no loss by itself"},
    {"TcpExt", "TCPFastOpenListenOverflow", "Fast Open requests not taken up because too many were pending"},

    {"TcpExt", "PruneCalled",
     "Times a socket's receive queue was pruned because its buffer was overrun: the application reads too "
     "slowly, or TCP is short of memory"},
    {"TcpExt", "RcvPruned", "Segments dropped because pruning the receive queue did not free enough"},
    {"TcpExt", "OfoPruned", "Times out-of-order segments were thrown away to free receive buffer"},
    {"TcpExt", "TCPRcvCollapsed",
     "Segments merged in receive queues to save memory: sockets short of buffer"},
    {"TcpExt", "TCPBacklogDrop",
     "Segments dropped because the backlog of a socket in use was full: more arrives than the application "
     "takes, or the receive buffer is too small for the rate"},
    {"TcpExt", "TCPRcvQDrop",
     "Segments dropped because the receive buffer or TCP's memory (net.ipv4.tcp_mem) was used up"},
    {"TcpExt", "TCPZeroWindowDrop",
     "Segments dropped because the receive window was shut: the application does not read"},
    {"TcpExt", "TCPOFODrop", "Out-of-order segments dropped for want of receive buffer"},
    {"TcpExt", "PFMemallocDrop",
     "Segments dropped because they came in on emergency memory: the host is out of memory"},
    {"TcpExt", "TCPMinTTLDrop",
     "Segments dropped because their time to live was below the socket's IP_MINTTL"},
    {"TcpExt", "LockDroppedIcmps", "ICMP errors ignored because their socket was in use at that moment"},
    {"TcpExt", "TCPMemoryPressures", "Times TCP as a whole came under memory pressure (net.ipv4.tcp_mem)"},
    {"TcpExt", "TCPMemoryPressuresChrono", "Milliseconds that TCP as a whole was under memory pressure"},

    {"TcpExt", "TCPTimeouts",
     "Times the retransmission timer ran out because no ACK came: loss, or a peer gone silent"},
    {"TcpExt", "TCPSynRetrans",
     "SYNs and SYN-ACKs sent again because no answer came: loss, a filter, or a peer down"},
    {"TcpExt", "TCPLostRetransmit",
     "Retransmitted segments that were lost again: heavy or policed loss on the way"},
    {"TcpExt", "TCPFastRetrans",
     "Segments sent again because later ones were acknowledged: single losses on the way"},
    {"TcpExt", "TCPSlowStartRetrans", "Segments sent again in slow start, after a retransmission timeout"},
    {"TcpExt", "TCPRetransFail",
     "Segments that could not be sent again because a local queue or memory refused them"},
    {"TcpExt", "TCPSpuriousRTOs", "Retransmission timeouts that proved needless: delay, not loss"},
    {"TcpExt", "TCPWqueueTooBig",
     "Times a segment was not split because the send queue was too long for its buffer (SO_SNDBUF too small)"},

    {"TcpExt", "TCPAbortOnTimeout",
     "Connections given up because retransmissions or keepalives went unanswered"},
    {"TcpExt", "TCPAbortOnMemory",
     "Connections aborted because orphaned sockets or TCP's memory exceeded their limits"},
    {"TcpExt", "TCPAbortOnData",
     "Connections reset on close with zero SO_LINGER, or because data came after the close"},
    {"TcpExt", "TCPAbortOnClose", "Connections reset because the application closed them with data unread"},
    {"TcpExt", "TCPAbortOnLinger", "Connections reset in FIN_WAIT2 instead of lingering"},
    {"TcpExt", "TCPAbortFailed", "Resets that could not be sent for want of memory"},
    {"TcpExt", "TCPTimeWaitOverflow",
     "Connections closed without TIME_WAIT because net.ipv4.tcp_max_tw_buckets was reached"},

    {"TcpExt", "IPReversePathFilter",
     "Packets dropped by the reverse-path filter (rp_filter): asymmetric routing or a forged source"},
    {"TcpExt", "ArpFilter", "ARP requests not answered because arp_filter says another device should"},
    {"TcpExt", "TCPMD5NotFound", "Segments dropped because they lack the MD5 signature that is expected"},
    {"TcpExt", "TCPMD5Unexpected",
     "Segments dropped because they carry an MD5 signature that is not expected"},
    {"TcpExt", "TCPMD5Failure",
     "Segments dropped because their MD5 signature is wrong: keys differ, or forgery"},
    {"TcpExt", "TCPAORequired", "Segments dropped because they lack the TCP-AO signature that is expected"},
    {"TcpExt", "TCPAOBad",
     "Segments dropped because their TCP-AO signature is wrong: keys differ, or forgery"},
    {"TcpExt", "TCPAOKeyNotFound",
     "Segments dropped because they are signed with a TCP-AO key not known here, or not expected"},
    {"TcpExt", "PAWSActive", "Answers to SYNs refused because the time stamp that they echo was never sent"},
    {"TcpExt", "PAWSEstab",
     "Segments dropped because their time stamp is older than one received before: late duplicates, or several "
     "hosts behind one address"},
    {"TcpExt", "PAWSOldAck", "Old ACKs dropped because of their time stamp: reordering on the way"},
    {"TcpExt", "PAWSTimewait", "Segments for connections in TIME_WAIT dropped because of an old time stamp"},
    {"TcpExt", "TSEcrRejected",
     "Last segments of handshakes dropped because the time stamp that they echo was never sent"},
    {"TcpExt", "BeyondWindow", "Segments dropped because they reach beyond the receive window"},
    {"TcpExt", "OutOfWindowIcmps",
     "ICMP errors ignored because what they tell of is outside of the connection's window: late, or forged"},
    {"TcpExt", "TCPFastOpenBlackhole",
     "Times Fast Open was switched off because connections that used it got no answer"},
};

static const char *find(struct snmp_text protocol, struct snmp_text field)
{
    for (size_t i = 0; i < ELEMENTS(texts); i++)
        if (snmp_text_is(field, texts[i].field) && snmp_text_is(protocol, texts[i].protocol))
            return texts[i].text;
    return NULL;
}

const char *snmp_help(const struct snmp_field *field, const struct snmp_name *name)
{
    struct snmp_text protocol = snmp_name_protocol(field, name);
    const char *text;

    if (name->shape == SNMP_ICMP_TYPE)
        return field->name.data[0] == 'I' ? "ICMP messages received, by type" : "ICMP messages sent, by type";
    /* UDP-Lite shares UDP's code and counters; only their place differs. */
    if (snmp_text_is(protocol, "UdpLite"))
        protocol = (struct snmp_text){"Udp", 3};
    text = find(protocol, field->name);
    if (text)
        return text;
    return name->gauge ? "Protocol setting or state of the kernel" : "Protocol counter of the kernel";
}
