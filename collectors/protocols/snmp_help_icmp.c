/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/protocols/snmp_help_texts.h"

/*
 * The HELP of ICMP counters. Each sentence follows the kernel's code that counts, not the RFC. Constant data;
 * any thread.
 */

#include "base/cleanup.h"

static const struct snmp_help_text texts[] = {
    {"Icmp", "InMsgs", "ICMP messages received, bad ones included"},
    {"Icmp", "OutMsgs", "ICMP messages that this host tried to send"},
    {"Icmp", "InErrors",
     "ICMP messages received with a wrong checksum or length, or about a connection that is unknown here"},
    {"Icmp", "InCsumErrors",
     "ICMP messages dropped for a wrong checksum: damage on the way, or a faulty NIC"},
    {"Icmp", "OutErrors", "ICMP messages that could not be made: no memory, or no room in the send buffer"},
    {"Icmp", "InDestUnreachs",
     "Destination-unreachable messages received: a host or router refused or could not deliver what this "
     "host sent"},
    {"Icmp", "OutDestUnreachs",
     "Destination-unreachable messages sent: closed UDP port, rejecting firewall rule, or neighbour that "
     "does not answer"},
    {"Icmp", "InPktTooBigs",
     "Packet-too-big messages received: packets of this host exceed the MTU of a link on the way"},
    {"Icmp", "OutPktTooBigs",
     "Packet-too-big messages sent: packets to forward exceed the MTU of the next link"},
    {"Icmp", "InTimeExcds", "Time-exceeded messages received: a routing loop, or traceroute run here"},
    {"Icmp", "OutTimeExcds",
     "Time-exceeded messages sent: a routing loop, traceroute through this host, or fragments that never "
     "came"},
    {"Icmp", "InParmProbs",
     "Parameter-problem messages received: another host dropped a packet of this one for its header"},
    {"Icmp", "OutParmProbs", "Parameter-problem messages sent: this host dropped a packet for its header"},
    {"Icmp", "InParmProblems",
     "Parameter-problem messages received: another host dropped a packet of this one for its header"},
    {"Icmp", "OutParmProblems", "Parameter-problem messages sent: this host dropped a packet for its header"},
    {"Icmp", "OutRateLimitGlobal",
     "ICMP messages not sent because of the rate limit for the host (icmp_msgs_per_sec)"},
    {"Icmp", "OutRateLimitHost",
     "ICMP messages not sent because of the rate limit for one destination (icmp_ratelimit)"},
    {"Icmp", "InRedirects", "Redirect messages received: a router knows a better first hop"},
    {"Icmp", "OutRedirects", "Redirect messages sent: a sender on the same link should use another router"},
    {"Icmp", "InSrcQuenchs", "Source-quench messages received, which are obsolete"},
    {"Icmp", "OutSrcQuenchs", "Source-quench messages sent, which are obsolete"},
    {"Icmp", "InEchos", "Echo requests received: ping of this host"},
    {"Icmp", "OutEchos", "Echo requests sent: ping run here"},
    {"Icmp", "InEchoReps", "Echo replies received"},
    {"Icmp", "OutEchoReps", "Echo replies sent"},
    {"Icmp", "InEchoReplies", "Echo replies received"},
    {"Icmp", "OutEchoReplies", "Echo replies sent"},
    {"Icmp", "InTimestamps", "Timestamp requests received"},
    {"Icmp", "OutTimestamps", "Timestamp requests sent"},
    {"Icmp", "InTimestampReps", "Timestamp replies received"},
    {"Icmp", "OutTimestampReps", "Timestamp replies sent"},
    {"Icmp", "InAddrMasks", "Address-mask requests received, which are obsolete"},
    {"Icmp", "OutAddrMasks", "Address-mask requests sent, which are obsolete"},
    {"Icmp", "InAddrMaskReps", "Address-mask replies received, which are obsolete"},
    {"Icmp", "OutAddrMaskReps", "Address-mask replies sent, which are obsolete"},
    {"Icmp", "InGroupMembQueries", "Multicast listener queries received (MLD)"},
    {"Icmp", "OutGroupMembQueries", "Multicast listener queries sent (MLD)"},
    {"Icmp", "InGroupMembResponses", "Multicast listener reports of version 1 received (MLD)"},
    {"Icmp", "OutGroupMembResponses", "Multicast listener reports of version 1 sent (MLD)"},
    {"Icmp", "InGroupMembReductions", "Multicast listener done messages received (MLD)"},
    {"Icmp", "OutGroupMembReductions", "Multicast listener done messages sent (MLD)"},
    {"Icmp", "InMLDv2Reports", "Multicast listener reports of version 2 received (MLD)"},
    {"Icmp", "OutMLDv2Reports", "Multicast listener reports of version 2 sent (MLD)"},
    {"Icmp", "InRouterSolicits", "Router solicitations received: hosts on the link look for a router"},
    {"Icmp", "OutRouterSolicits", "Router solicitations sent: this host looks for a router"},
    {"Icmp", "InRouterAdvertisements", "Router advertisements received"},
    {"Icmp", "OutRouterAdvertisements", "Router advertisements sent"},
    {"Icmp", "InNeighborSolicits", "Neighbour solicitations received: hosts ask for a link-layer address"},
    {"Icmp", "OutNeighborSolicits", "Neighbour solicitations sent: this host asks for a link-layer address"},
    {"Icmp", "InNeighborAdvertisements",
     "Neighbour advertisements received: hosts tell their link-layer address"},
    {"Icmp", "OutNeighborAdvertisements",
     "Neighbour advertisements sent: this host tells its link-layer address"},
};

const struct snmp_help_list snmp_help_icmp = {texts, ELEMENTS(texts)};
