/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/meaning/drop_meaning.h"

/*
 * See drop_meaning.h. The reasons are those of Linux 5.17 to 6.18 (include/net/dropreason-core.h); a newer
 * kernel's that are not here are of class unknown until somebody writes their line. NOT_SPECIFIED says
 * nothing, so it has none; what it stands for is told by the function, where that is certain.
 */

#include <stdbool.h>
#include <string.h>

#include "base/cleanup.h"

#define REASON(name, meaning, todo, text)                                                                    \
    {                                                                                                        \
        .reason = #name, .loss_class = LOSS_##meaning, .remedy = REMEDY_##todo, .sentence = text             \
    }
#define FUNCTION(name, meaning, todo, text)                                                                  \
    {                                                                                                        \
        .function = #name, .loss_class = LOSS_##meaning, .remedy = REMEDY_##todo, .sentence = text           \
    }
#define BOTH(name, where, meaning, todo, text)                                                               \
    {                                                                                                        \
        .reason = name, .function = #where, .loss_class = LOSS_##meaning, .remedy = REMEDY_##todo,           \
        .sentence = text                                                                                     \
    }

/* clang-format off: one line each */
const struct drop_meaning drop_meanings[] = {
    REASON(NO_SOCKET, ERROR, NOBODY_LISTENS,
           "Nothing listens on the port it was sent to; the sender is told by ICMP or a reset"),
    REASON(SOCKET_CLOSE, BENIGN, NOTHING, "The socket was closed with packets unread"),
    REASON(SOCKET_FILTER, POLICY, FIREWALL,
           "A socket filter (SO_ATTACH_FILTER, BPF) of the application refused it"),
    REASON(SOCKET_RCVBUFF, CAPACITY, SOCKET_BUFFER,
           "The receive buffer of a socket is full: the application reads too slowly, or SO_RCVBUF is small"),
    REASON(SOCKET_BACKLOG, CAPACITY, SOCKET_BUFFER,
           "The backlog of a socket that is in use is full: the application or its CPU is too slow"),
    REASON(PROTO_MEM, CAPACITY, MEMORY, "The memory of the protocol is used up (net.ipv4.tcp_mem, udp_mem)"),
    REASON(UNIX_DISCONNECT, BENIGN, NOTHING,
           "A Unix datagram socket was connected to another peer with datagrams of the old one unread"),
    REASON(UNIX_SKIP_OOB, BENIGN, NOTHING, "The out-of-band byte of a Unix socket was skipped by the reader"),
    REASON(PACKET_SOCK_ERROR, CAPACITY, SOCKET_BUFFER,
           "A packet socket (tcpdump, DHCP) had no memory to take it"),
    REASON(PFMEMALLOC, CAPACITY, MEMORY,
           "It was received into emergency memory and is for no socket that helps to free some"),
    REASON(PKT_TOO_SMALL, ERROR, DAMAGED, "Shorter than its headers say: damaged, or from a broken sender"),
    REASON(HDR_TRUNC, ERROR, DAMAGED, "It ends within a header"),
    REASON(DEV_HDR, ERROR, DEVICE, "The device has no or a wrong link-layer header for it"),
    REASON(DEV_READY, ERROR, DEVICE, "The device was down or not ready"),
    REASON(
        FULL_RING, CAPACITY, TAP_QUEUE,
        "The queue of a tun, tap or macvtap device is full: the program behind it (a virtual machine) reads too slowly"),
    REASON(NOMEM, CAPACITY, MEMORY, "The kernel had no memory for it"),
    REASON(SKB_CSUM, ERROR, DEVICE, "The checksum could not be made"),
    REASON(SKB_GSO_SEG, ERROR, DEVICE, "It could not be cut into segments"),
    REASON(SKB_UCOPY_FAULT, ERROR, DEVICE, "The buffer that the program gave could not be read"),
    REASON(CPU_BACKLOG, CAPACITY, BACKLOG,
           "The input queue of a CPU is full (net.core.netdev_max_backlog), or one flow has its share"),
    REASON(UNHANDLED_PROTO, BENIGN, NOTHING, "Of a protocol that nobody on this host asked for"),
    REASON(OTHERHOST, BENIGN, NOTHING,
           "For another host's address: seen because the interface is promiscuous or the switch floods"),
    REASON(RECURSION_LIMIT, ERROR, DEVICE,
           "It went through more devices on top of each other than the kernel allows: a loop"),
    REASON(QUEUE_PURGE, BENIGN, NOTHING, "A queue was emptied because its owner went away"),
    REASON(TAP_FILTER, POLICY, FIREWALL, "The filter of a tap device (TUNSETFILTEREBPF) refused it"),
    REASON(TAP_TXFILTER, POLICY, FIREWALL, "The address filter of a tap device (TUNSETTXFILTER) refused it"),
    REASON(NETFILTER_DROP, POLICY, FIREWALL, "A rule of nftables or iptables drops or rejects it"),
    REASON(XDP, POLICY, FIREWALL, "An XDP program drops it"),
    REASON(TC_INGRESS, POLICY, FIREWALL, "A tc filter drops it on arrival"),
    REASON(TC_EGRESS, POLICY, FIREWALL, "A tc filter drops it on departure"),
    REASON(TC_COOKIE_ERROR, ERROR, FIREWALL, "A tc action could not be made"),
    REASON(TC_CHAIN_NOTFOUND, ERROR, FIREWALL, "A tc filter goes to a chain that is not there"),
    REASON(TC_RECLASSIFY_LOOP, ERROR, FIREWALL, "A tc filter asks for reclassification for ever"),
    REASON(BPF_CGROUP_EGRESS, POLICY, FIREWALL, "A BPF program of its control group drops it"),
    REASON(SECURITY_HOOK, POLICY, FIREWALL, "A security module (SELinux, AppArmor) forbids it"),
    REASON(XFRM_POLICY, POLICY, TUNNEL, "An IPsec policy forbids it"),
    REASON(IPV6DISABLED, POLICY, FIREWALL, "IPv6 is switched off on the interface"),
    REASON(IP_RPFILTER, POLICY, ROUTES,
           "Its source would not be reached through the interface it came from (rp_filter)"),
    REASON(ARP_PVLAN_DISABLE, POLICY, BRIDGE,
           "An ARP request that the interface answers for nobody (proxy_arp_pvlan)"),
    REASON(BRIDGE_INGRESS_STP_STATE, POLICY, BRIDGE,
           "The bridge port does not forward yet, or is blocked by the spanning tree"),
    REASON(MAC_IEEE_MAC_CONTROL, BENIGN, NOTHING,
           "A control frame between neighbours (pause, LLDP) that a bridge does not forward"),
    REASON(LOCAL_MAC, BENIGN, NOTHING, "A bridge or tunnel saw a packet with its own address as source"),
    REASON(IP_CSUM, ERROR, DAMAGED, "Wrong checksum of the IP header: damaged on the way"),
    REASON(IP_INHDR, ERROR, IP_HEADER,
           "The IP header makes no sense, or the TTL ran out on a forwarded packet"),
    REASON(IP_NOPROTO, ERROR, NOBODY_LISTENS, "Of an IP protocol that this host does not speak"),
    REASON(IP_OUTNOROUTES, ERROR, ROUTES, "No route to where this host wanted to send it"),
    REASON(IP_INNOROUTES, ERROR, ROUTES, "No route to where it was to be forwarded"),
    REASON(IP_INADDRERRORS, ERROR, ROUTES, "Not for this host, and forwarding is off"),
    REASON(IP_LOCAL_SOURCE, ERROR, ROUTES,
           "From outside, with an address of this host as source: spoofed, or a loop"),
    REASON(IP_INVALID_SOURCE, ERROR, ROUTES, "Its source address cannot be one (multicast, broadcast, zero)"),
    REASON(IP_LOCALNET, ERROR, ROUTES, "An address of 127.0.0.0/8 came over the wire (route_localnet)"),
    REASON(IP_INVALID_DEST, ERROR, ROUTES, "Its destination address cannot be one"),
    REASON(IP_TUNNEL_ECN, ERROR, TUNNEL,
           "The congestion marks of the tunnel's outer and inner header contradict each other"),
    REASON(UNICAST_IN_L2_MULTICAST, ERROR, ROUTES,
           "Sent to a multicast MAC address but one host's IP address"),
    REASON(PKT_TOO_BIG, ERROR, PATH_MTU,
           "Larger than the next link takes, and must not be cut: path MTU discovery is at work, or broken"),
    REASON(DUP_FRAG, ERROR, FRAGMENTS, "A fragment that was there already, or overlaps one"),
    REASON(FRAG_REASM_TIMEOUT, ERROR, FRAGMENTS, "Some fragments of the packet never came"),
    REASON(FRAG_TOO_FAR, ERROR, FRAGMENTS, "A fragment far out of order (net.ipv4.ipfrag_max_dist)"),
    REASON(IPV6_BAD_EXTHDR, ERROR, IP_HEADER, "An IPv6 extension header makes no sense"),
    REASON(IPV6_NDISC_FRAG, ERROR, NEIGHBOUR, "Neighbour discovery in fragments is forbidden"),
    REASON(IPV6_NDISC_HOP_LIMIT, ERROR, NEIGHBOUR, "Neighbour discovery that came through a router: spoofed"),
    REASON(IPV6_NDISC_BAD_CODE, ERROR, NEIGHBOUR, "Neighbour discovery with an unknown code"),
    REASON(IPV6_NDISC_BAD_OPTIONS, ERROR, NEIGHBOUR, "Neighbour discovery whose options make no sense"),
    REASON(IPV6_NDISC_NS_OTHERHOST, BENIGN, NOTHING, "Somebody looks for another host's address"),
    REASON(ICMP_CSUM, ERROR, DAMAGED, "Wrong checksum of ICMP: damaged on the way"),
    REASON(INVALID_PROTO, ERROR, NOBODY_LISTENS, "Its version is not the one its ethertype says"),
    REASON(NEIGH_CREATEFAIL, ERROR, NEIGHBOUR,
           "No entry could be made for the neighbour (net.ipv4.neigh.default.gc_thresh3)"),
    REASON(NEIGH_FAILED, ERROR, NEIGHBOUR,
           "The neighbour does not answer: ARP or neighbour discovery failed"),
    REASON(NEIGH_QUEUEFULL, CAPACITY, NEIGHBOUR,
           "Too many packets wait for the neighbour's address (unres_qlen_bytes)"),
    REASON(NEIGH_DEAD, ERROR, NEIGHBOUR, "The entry of the neighbour was deleted in between"),
    REASON(NEIGH_HH_FILLFAIL, ERROR, NEIGHBOUR, "The link-layer header of the neighbour could not be made"),
    REASON(QDISC_DROP, CAPACITY, TRANSMIT_QUEUE,
           "A queueing discipline was full, or shapes: more was sent than the link or its limit takes"),
    REASON(QDISC_OVERLIMIT, CAPACITY, TRANSMIT_QUEUE, "A queueing discipline was over its limit"),
    REASON(QDISC_CONGESTED, CAPACITY, TRANSMIT_QUEUE,
           "Active queue management (CoDel, RED) dropped it to slow its sender down"),
    REASON(CAKE_FLOOD, CAPACITY, TRANSMIT_QUEUE, "cake dropped from the flow that floods it"),
    REASON(FQ_BAND_LIMIT, CAPACITY, TRANSMIT_QUEUE, "fq: the band is full"),
    REASON(FQ_HORIZON_LIMIT, CAPACITY, TRANSMIT_QUEUE, "fq: its time of departure is too far in the future"),
    REASON(FQ_FLOW_LIMIT, CAPACITY, TRANSMIT_QUEUE, "fq: the flow is over its limit"),
    REASON(DUALPI2_STEP_DROP, CAPACITY, TRANSMIT_QUEUE, "dualpi2 dropped it to slow its sender down"),
    REASON(TCP_CSUM, ERROR, DAMAGED, "Wrong checksum of TCP: damaged on the way"),
    REASON(UDP_CSUM, ERROR, DAMAGED, "Wrong checksum of UDP: damaged on the way"),
    REASON(TCP_AUTH_HDR, ERROR, TCP_SEGMENTS, "A TCP authentication option that makes no sense"),
    REASON(TCP_MD5NOTFOUND, ERROR, TCP_SEGMENTS, "The TCP MD5 signature that was agreed on is missing"),
    REASON(TCP_MD5UNEXPECTED, ERROR, TCP_SEGMENTS, "A TCP MD5 signature that nobody asked for"),
    REASON(TCP_MD5FAILURE, ERROR, TCP_SEGMENTS, "A wrong TCP MD5 signature: the keys differ"),
    REASON(TCP_AONOTFOUND, ERROR, TCP_SEGMENTS,
           "The TCP authentication option that was agreed on is missing"),
    REASON(TCP_AOUNEXPECTED, ERROR, TCP_SEGMENTS, "A TCP authentication option that nobody asked for"),
    REASON(TCP_AOKEYNOTFOUND, ERROR, TCP_SEGMENTS, "A TCP authentication option with an unknown key"),
    REASON(TCP_AOFAILURE, ERROR, TCP_SEGMENTS, "A wrong TCP authentication option: the keys differ"),
    REASON(TCP_FLAGS, ERROR, TCP_SEGMENTS, "Flags that make no sense in this state of the connection"),
    REASON(TCP_ABORT_ON_DATA, ERROR, TCP_SEGMENTS,
           "Data came for a connection that the application had closed; it is reset"),
    REASON(TCP_ZEROWINDOW, CAPACITY, TCP_RECEIVE_QUEUE,
           "Data although the window was closed: the application reads too slowly"),
    REASON(TCP_OLD_DATA, BENIGN, NOTHING,
           "Data that were there already: a retransmission that was not needed"),
    REASON(TCP_OVERWINDOW, CAPACITY, TCP_RECEIVE_QUEUE,
           "Data beyond the window: the sender sends more than was offered"),
    REASON(TCP_OFOMERGE, BENIGN, NOTHING, "Its data were there already, out of order"),
    REASON(TCP_RFC7323_PAWS, ERROR, TCP_SEGMENTS,
           "An old time stamp: a late duplicate, or two hosts behind one address"),
    REASON(TCP_RFC7323_PAWS_ACK, BENIGN, NOTHING,
           "An acknowledgement with an old time stamp, overtaken on its way"),
    REASON(TCP_RFC7323_TW_PAWS, ERROR, TCP_SEGMENTS, "An old time stamp for a connection in TIME-WAIT"),
    REASON(TCP_RFC7323_TSECR, ERROR, TCP_SEGMENTS, "Echoes a time stamp that was never sent"),
    REASON(TCP_LISTEN_OVERFLOW, CAPACITY, ACCEPT_QUEUE,
           "The accept queue is full (listen backlog, net.core.somaxconn)"),
    REASON(TCP_OLD_SEQUENCE, BENIGN, NOTHING, "Before the window: a duplicate"),
    REASON(TCP_INVALID_SEQUENCE, ERROR, TCP_SEGMENTS, "Outside the window"),
    REASON(TCP_INVALID_END_SEQUENCE, CAPACITY, TCP_RECEIVE_QUEUE,
           "Ends beyond the window: the application reads too slowly"),
    REASON(TCP_INVALID_ACK_SEQUENCE, ERROR, TCP_SEGMENTS, "Acknowledges what was never sent"),
    REASON(TCP_RESET, BENIGN, NOTHING, "A reset, which ended its connection"),
    REASON(TCP_INVALID_SYN, ERROR, TCP_SEGMENTS, "A SYN within a connection"),
    REASON(TCP_CLOSE, BENIGN, NOTHING, "For a connection that is closed"),
    REASON(TCP_FASTOPEN, BENIGN, NOTHING, "Repeats what fast open brought"),
    REASON(TCP_OLD_ACK, BENIGN, NOTHING, "An acknowledgement that says nothing new"),
    REASON(TCP_TOO_OLD_ACK, ERROR, TCP_SEGMENTS, "An acknowledgement so old that it may be an attack"),
    REASON(TCP_ACK_UNSENT_DATA, ERROR, TCP_SEGMENTS, "Acknowledges what was never sent"),
    REASON(TCP_OFO_QUEUE_PRUNE, CAPACITY, TCP_RECEIVE_QUEUE,
           "Out-of-order data were thrown away for lack of buffer"),
    REASON(TCP_OFO_DROP, CAPACITY, TCP_RECEIVE_QUEUE, "Out-of-order data found no buffer"),
    REASON(TCP_MINTTL, POLICY, FIREWALL, "Came from farther than the application allows (IP_MINTTL)"),
    REASON(VXLAN_INVALID_HDR, ERROR, TUNNEL, "A VXLAN header that makes no sense"),
    REASON(VXLAN_VNI_NOT_FOUND, ERROR, TUNNEL, "For a VXLAN network that this host has not"),
    REASON(VXLAN_ENTRY_EXISTS, POLICY, TUNNEL, "The source belongs to a static entry of another VXLAN peer"),
    REASON(MAC_INVALID_SOURCE, ERROR, BRIDGE, "Its source MAC address cannot be one"),
    REASON(NO_TX_TARGET, ERROR, DEVICE, "There is no port or peer to send it to"),
    REASON(TUNNEL_TXINFO, ERROR, TUNNEL, "The tunnel was not told where to send it"),
    REASON(CAN_RX_INVALID_FRAME, ERROR, DAMAGED, "No valid CAN frame"),
    REASON(CANFD_RX_INVALID_FRAME, ERROR, DAMAGED, "No valid CAN FD frame"),
    REASON(CANXL_RX_INVALID_FRAME, ERROR, DAMAGED, "No valid CAN XL frame"),
    REASON(PSP_INPUT, ERROR, TUNNEL, "Refused by PSP: missing or wrong encryption"),
    REASON(PSP_OUTPUT, ERROR, TUNNEL, "Must leave encrypted by PSP, and would not"),
    REASON(PTYPE_ABSENT, BENIGN, NOTHING, "Of a protocol that nobody on this host asked for (Linux 5.17)"),
    REASON(OVS_DROP_LAST_ACTION, POLICY, OPEN_VSWITCH, "No action of Open vSwitch sends it anywhere"),
    REASON(OVS_DROP_ACTION_ERROR, ERROR, OPEN_VSWITCH, "An action of Open vSwitch failed"),
    REASON(OVS_DROP_EXPLICIT, POLICY, OPEN_VSWITCH, "A flow of Open vSwitch drops it"),
    REASON(OVS_DROP_EXPLICIT_WITH_ERROR, POLICY, OPEN_VSWITCH, "A flow of Open vSwitch drops it as an error"),
    REASON(OVS_DROP_METER, POLICY, OPEN_VSWITCH, "A meter of Open vSwitch drops it: over its rate"),
    REASON(OVS_DROP_RECURSION_LIMIT, ERROR, OPEN_VSWITCH, "Open vSwitch: too many recirculations"),
    REASON(OVS_DROP_DEFERRED_LIMIT, CAPACITY, OPEN_VSWITCH, "Open vSwitch: too many deferred actions"),
    REASON(OVS_DROP_FRAG_L2_TOO_LONG, ERROR, OPEN_VSWITCH,
           "Open vSwitch: the link-layer header is too long to fragment"),
    REASON(OVS_DROP_FRAG_INVALID_PROTO, ERROR, OPEN_VSWITCH,
           "Open vSwitch: it cannot be fragmented, being neither IPv4 nor IPv6"),
    REASON(OVS_DROP_CONNTRACK, ERROR, OPEN_VSWITCH, "Open vSwitch: connection tracking failed"),
    REASON(OVS_DROP_IP_TTL, ERROR, OPEN_VSWITCH, "Open vSwitch: the TTL ran out"),

    /* Functions that drop for one cause only: where there is no reason (summary mode, old kernels) or one
     * that says nothing. */
    FUNCTION(
        tap_handle_frame, CAPACITY, TAP_QUEUE,
        "The queue of a macvtap or ipvtap device is full: the virtual machine behind it reads too slowly"),
    FUNCTION(tun_net_xmit, CAPACITY, TAP_QUEUE,
             "The queue of a tun or tap device is full: the program behind it reads too slowly"),
    FUNCTION(enqueue_to_backlog, CAPACITY, BACKLOG,
             "The input queue of a CPU is full (net.core.netdev_max_backlog)"),
    FUNCTION(__udp_enqueue_schedule_skb, CAPACITY, SOCKET_BUFFER,
             "The receive buffer of a UDP socket is full"),
    FUNCTION(udp_queue_rcv_one_skb, CAPACITY, SOCKET_BUFFER,
             "The receive buffer of a UDP socket is full, or its filter refused it"),
    FUNCTION(udpv6_queue_rcv_one_skb, CAPACITY, SOCKET_BUFFER,
             "The receive buffer of a UDP socket is full, or its filter refused it"),
    FUNCTION(sock_queue_rcv_skb_reason, CAPACITY, SOCKET_BUFFER, "The receive buffer of a socket is full"),
    FUNCTION(tcp_prune_ofo_queue, CAPACITY, TCP_RECEIVE_QUEUE,
             "Out-of-order data were thrown away for lack of buffer"),
    FUNCTION(__neigh_event_send, CAPACITY, NEIGHBOUR,
             "Too many packets wait for the neighbour's address (unres_qlen_bytes)"),
    FUNCTION(neigh_invalidate, ERROR, NEIGHBOUR,
             "The neighbour does not answer: ARP or neighbour discovery failed"),
    FUNCTION(nf_hook_slow, POLICY, FIREWALL, "A rule of iptables or nftables drops or rejects it"),
    FUNCTION(nft_do_chain, POLICY, FIREWALL, "A rule of nftables drops or rejects it"),
    FUNCTION(nf_hook_slow_list, POLICY, FIREWALL, "A rule of iptables or nftables drops or rejects it"),
    FUNCTION(reject_tg, POLICY, FIREWALL, "A REJECT rule of iptables refuses it"),
    FUNCTION(sk_filter_trim_cap, POLICY, FIREWALL, "A socket filter or security module refused it"),
    FUNCTION(ip_error, ERROR, ROUTES, "Not for this host, or no route to where it was to be forwarded"),
    FUNCTION(unix_release_sock, BENIGN, NOTHING, "A Unix socket was closed with data unread"),
    FUNCTION(udp_destruct_common, BENIGN, NOTHING, "A UDP socket was closed with packets unread"),
    FUNCTION(udp_destroy_sock, BENIGN, NOTHING, "A UDP socket was closed with packets unread"),
    FUNCTION(inet_sock_destruct, BENIGN, NOTHING, "A socket was closed with packets unread"),
    FUNCTION(packet_sock_destruct, BENIGN, NOTHING, "A packet socket was closed with packets unread"),
    FUNCTION(netlink_sock_destruct, BENIGN, NOTHING, "A netlink socket was closed with messages unread"),
    FUNCTION(vsock_sk_destruct, BENIGN, NOTHING, "A vsock socket was closed"),
    FUNCTION(skb_queue_purge, BENIGN, NOTHING, "A queue was emptied because its owner went away"),
    FUNCTION(skb_queue_purge_reason, BENIGN, NOTHING, "A queue was emptied because its owner went away"),
    FUNCTION(__skb_queue_purge_reason, BENIGN, NOTHING, "A queue was emptied because its owner went away"),
    FUNCTION(sk_stream_kill_queues, BENIGN, NOTHING, "A connection was closed with data unread"),
    FUNCTION(tcp_write_queue_purge, BENIGN, NOTHING, "A connection ended with data unsent"),
    FUNCTION(ip6_mc_input, BENIGN, NOTHING, "An IPv6 multicast group that nobody on this host joined"),
    FUNCTION(ip_mc_output, BENIGN, NOTHING,
             "A multicast packet of this host that nobody on this host asked for"),
    FUNCTION(igmp_rcv, BENIGN, NOTHING, "An IGMP message, which was read and thrown away"),
    FUNCTION(igmp6_event_query, BENIGN, NOTHING, "An MLD query, which was read and thrown away"),
    FUNCTION(igmp6_event_report, BENIGN, NOTHING, "An MLD report, which was read and thrown away"),
    FUNCTION(arp_process, BENIGN, NOTHING, "An ARP message that needs no answer from this host"),
    FUNCTION(arp_rcv, BENIGN, NOTHING, "An ARP message that is not for this host"),

    /* Without a reason: what the function mostly drops. */
    BOTH("", __dev_queue_xmit, CAPACITY, TRANSMIT_QUEUE,
         "A queueing discipline was full, or shapes: more was sent than the link or its limit takes"),
    BOTH("", __netif_receive_skb_core, BENIGN, NOTHING,
         "Of a protocol that nobody on this host asked for, or a tc filter drops it"),
    BOTH("", ip_rcv_finish_core, ERROR, ROUTES, "No valid source or no route: rp_filter, spoofing"),
    BOTH("", ip_forward, ERROR, IP_HEADER,
         "Cannot be forwarded: the TTL ran out, or it is larger than the next link takes"),
    BOTH("", ip_local_deliver_finish, ERROR, NOBODY_LISTENS,
         "Of an IP protocol that this host does not speak"),
    BOTH("", __udp4_lib_rcv, ERROR, NOBODY_LISTENS, "Nothing listens on the UDP port, or a wrong checksum"),
    BOTH("", __udp6_lib_rcv, ERROR, NOBODY_LISTENS, "Nothing listens on the UDP port, or a wrong checksum"),
    BOTH("", ip_finish_output2, ERROR, NEIGHBOUR, "The neighbour's address is not known"),
    BOTH("", tcp_rcv_established, BENIGN, NOTHING, "Old or duplicate segments of a connection"),
    BOTH("", tcp_validate_incoming, BENIGN, NOTHING, "Old or duplicate segments of a connection"),
    BOTH("", tcp_data_queue, BENIGN, NOTHING, "Old or duplicate data of a connection"),
};
/* clang-format on */

const size_t drop_meaning_count = ELEMENTS(drop_meanings);

static bool same(const char *text, const char *entry)
{
    return entry && strcmp(text, entry) == 0;
}

const struct drop_meaning *drop_meaning_find(const char *reason, const char *function)
{
    const struct drop_meaning *by_function = NULL, *by_reason = NULL;

    for (size_t i = 0; i < drop_meaning_count; i++) {
        const struct drop_meaning *entry = &drop_meanings[i];

        if (same(reason, entry->reason) && same(function, entry->function))
            return entry;
        if (!entry->reason && same(function, entry->function))
            by_function = entry;
        if (!entry->function && same(reason, entry->reason))
            by_reason = entry;
    }
    return by_reason ? by_reason : by_function;
}

enum loss_class drop_class_of(const char *reason, const char *function)
{
    const struct drop_meaning *meaning = drop_meaning_find(reason, function);

    return meaning ? meaning->loss_class : LOSS_UNKNOWN;
}
