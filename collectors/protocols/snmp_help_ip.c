/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/protocols/snmp_help_texts.h"

/*
 * The HELP of IP and UDP counters. Each sentence follows the kernel's code that counts, not the RFC. Constant
 * data; any thread.
 */

#include "base/cleanup.h"

static const struct snmp_help_text texts[] = {
    {"Ip", "Forwarding", "1 if this host forwards IP packets, 2 if not (sysctl net.ipv4.ip_forward)"},
    {"Ip", "DefaultTTL", "Time to live of packets whose socket sets none (sysctl net.ipv4.ip_default_ttl)"},
    {"Ip", "InReceives", "IP packets received, bad ones included; packets merged by GRO count as one"},
    {"Ip", "InDelivers", "IP packets passed to a protocol of this host"},
    {"Ip", "OutRequests", "IP packets that protocols of this host asked to send"},
    {"Ip", "OutTransmits", "IP packets passed to a device, forwarded ones included"},
    {"Ip", "ForwDatagrams", "IP packets forwarded"},
    {"Ip", "OutForwDatagrams", "IP packets forwarded"},
    {"Ip", "InHdrErrors",
     "Packets dropped for their IP header: wrong checksum, version or length, or time to live used up "
     "(routing loop)"},
    {"Ip", "InAddrErrors",
     "Packets dropped because they are for another host and this one does not forward: stale route or "
     "neighbour elsewhere"},
    {"Ip", "InUnknownProtos", "Packets dropped because nothing on this host handles their IP protocol"},
    {"Ip", "InDiscards", "Valid packets dropped on receipt, mostly for lack of memory"},
    {"Ip", "InNoRoutes", "Packets to forward that were dropped because no route leads to their destination"},
    {"Ip", "InTooBigErrors",
     "Packets to forward that were dropped because they exceed the MTU of the next link"},
    {"Ip", "InTruncatedPkts",
     "Packets dropped because they are shorter than their header says: damage on the way"},
    {"Ip", "OutDiscards",
     "Packets dropped on their way out: full or limiting queueing discipline, firewall rule on output, or "
     "no memory"},
    {"Ip", "OutNoRoutes", "Packets not sent because no route leads to their destination"},
    {"Ip", "ReasmReqds", "Fragments received to be reassembled"},
    {"Ip", "ReasmOKs", "Packets reassembled from their fragments"},
    {"Ip", "ReasmFails",
     "Reassemblies that failed: fragments lost on the way, or reassembly memory full (ipfrag_high_thresh)"},
    {"Ip", "ReasmTimeout",
     "Packets given up because fragments were still missing after ipfrag_time: loss on the way"},
    {"Ip", "FragOKs", "Packets that were fragmented because they exceed the MTU"},
    {"Ip", "FragCreates", "Fragments made"},
    {"Ip", "FragFails",
     "Packets dropped because they exceed the MTU and may not be fragmented: path MTU discovery at work, "
     "or filtered ICMP"},
    {"Ip", "InMcastPkts", "Multicast packets received"},
    {"Ip", "OutMcastPkts", "Multicast packets sent"},
    {"Ip", "InOctets", "Bytes of IP packets received, headers included"},
    {"Ip", "OutOctets", "Bytes of IP packets sent, headers included"},
    {"Ip", "InMcastOctets", "Bytes of multicast packets received"},
    {"Ip", "OutMcastOctets", "Bytes of multicast packets sent"},
    {"Ip", "InBcastOctets", "Bytes of broadcast packets received"},
    {"Ip", "OutBcastOctets", "Bytes of broadcast packets sent"},
    {"Ip", "InNoECTPkts", "Packets received whose sender does not use ECN; packets merged by GRO count each"},
    {"Ip", "InECT1Pkts", "Packets received with ECN codepoint ECT(1); packets merged by GRO count each"},
    {"Ip", "InECT0Pkts", "Packets received with ECN codepoint ECT(0); packets merged by GRO count each"},
    {"Ip", "InCEPkts", "Packets received with ECN mark CE: a queue on the way is congested"},

    {"IpExt", "InNoRoutes", "Packets dropped on receipt because no route leads to their destination"},
    {"IpExt", "InTruncatedPkts",
     "Packets dropped because they are shorter than their header says: damage on the way"},
    {"IpExt", "InCsumErrors",
     "Packets dropped for a wrong IP header checksum: damage on the way, or a faulty NIC"},
    {"IpExt", "ReasmOverlaps", "Packets dropped because their fragments overlap: an attack, or damage"},
    {"IpExt", "InMcastPkts", "Multicast packets received"},
    {"IpExt", "OutMcastPkts", "Multicast packets sent"},
    {"IpExt", "InBcastPkts", "Broadcast packets received"},
    {"IpExt", "OutBcastPkts", "Broadcast packets sent"},
    {"IpExt", "InOctets", "Bytes of IP packets received, headers included"},
    {"IpExt", "OutOctets", "Bytes of IP packets sent, headers included"},
    {"IpExt", "InMcastOctets", "Bytes of multicast packets received"},
    {"IpExt", "OutMcastOctets", "Bytes of multicast packets sent"},
    {"IpExt", "InBcastOctets", "Bytes of broadcast packets received"},
    {"IpExt", "OutBcastOctets", "Bytes of broadcast packets sent"},
    {"IpExt", "InNoECTPkts",
     "Packets received whose sender does not use ECN; packets merged by GRO count each"},
    {"IpExt", "InECT1Pkts", "Packets received with ECN codepoint ECT(1); packets merged by GRO count each"},
    {"IpExt", "InECT0Pkts", "Packets received with ECN codepoint ECT(0); packets merged by GRO count each"},
    {"IpExt", "InCEPkts", "Packets received with ECN mark CE: a queue on the way is congested"},

    {"Udp", "InDatagrams", "UDP datagrams that applications read"},
    {"Udp", "OutDatagrams", "UDP datagrams sent"},
    {"Udp", "NoPorts", "Datagrams dropped because no socket is bound to their port"},
    {"Udp", "InErrors",
     "Datagrams dropped on receipt: receive buffer full, wrong checksum, no memory (includes "
     "RcvbufErrors, InCsumErrors, MemErrors)"},
    {"Udp", "RcvbufErrors",
     "Datagrams dropped because the receive buffer was full: slow reader, or buffer too small (SO_RCVBUF, "
     "rmem_max)"},
    {"Udp", "SndbufErrors",
     "Datagrams not sent because a send buffer or queue was full: the sender is faster than the device or "
     "its qdisc"},
    {"Udp", "InCsumErrors", "Datagrams dropped for a wrong UDP checksum: damage on the way, or a faulty NIC"},
    {"Udp", "MemErrors",
     "Datagrams dropped because the memory limit of UDP was reached (sysctl net.ipv4.udp_mem)"},
    {"Udp", "IgnoredMulti", "Broadcast and multicast datagrams that no socket here asked for"},
};

const struct snmp_help_list snmp_help_ip = {texts, ELEMENTS(texts)};
