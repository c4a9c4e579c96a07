/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/meaning/drop_meaning_table.h"

/*
 * What drops mean, by function: devices, bridges, queues, and programs at devices. drop_meaning_functions.c
 * has the rest, and says which functions are listed. Constant data; any thread.
 */

#include "base/cleanup.h"

/* clang-format off: one line each */
const struct drop_meaning drop_meaning_devices[] = {
    BOTH(
        "NO_TX_TARGET", "br_*", BRIDGE_NO_TARGET,
        "The bridge has no port that it may go to: flooding is off, a port is isolated, or it came from there"),
    BOTH(
        "NOT_SPECIFIED", "br_flood", BRIDGE_NO_TARGET,
        "The bridge has no port that it may go to: flooding is off, a port is isolated, or it came from there"),
    BOTH("NOT_SPECIFIED", "br_multicast_flood", BRIDGE_NO_TARGET,
         "The bridge has no port that it may go to: nobody joined the group, or flooding is off"),
    BOTH("NOT_SPECIFIED", "br_forward", BRIDGE_NO_TARGET,
         "The bridge does not forward it: the port is isolated, down, or the one it came from"),
    BOTH(
        "NOT_SPECIFIED", "__br_forward", BRIDGE_VLAN,
        "The bridge does not forward it: the VLAN is not allowed on the port, or a segmented packet is too large"),
    BOTH(
        "NOT_SPECIFIED", "br_handle_frame", BRIDGE_PORT_NOT_FORWARDING,
        "The bridge port does not forward (down, learning, blocked by the spanning tree), or the source is no address"),
    BOTH("NOT_SPECIFIED", "br_handle_frame_finish", BRIDGE_PORT_NOT_FORWARDING,
         "The bridge port does not forward, is locked, or the VLAN is not allowed on it"),
    BOTH("NOT_SPECIFIED", "br_pass_frame_up", BRIDGE_VLAN, "The VLAN is not allowed on the bridge itself"),
    BOTH("NOT_SPECIFIED", "br_handle_vlan", BRIDGE_VLAN, "The VLAN is not allowed on the bridge port"),
    BOTH("NOT_SPECIFIED", "__allowed_ingress", BRIDGE_VLAN, "The VLAN is not allowed on the bridge port"),
    BOTH("NOT_SPECIFIED", "br_dev_queue_push_xmit", BRIDGE_PORT_MTU, "Larger than the bridge port takes"),
    BOTH("NOT_SPECIFIED", "br_stp_rcv", BRIDGE_CONTROL_MESSAGE,
         "A message of the spanning tree, which was read, then freed"),
    BOTH(
        "QUEUE_PURGE", "qdisc_reset", QDISC_EMPTIED,
        "A queue with packets in it was emptied: the link went down, or the queueing discipline was replaced"),
    BOTH(
        "QUEUE_PURGE", "skbprio_reset", QDISC_EMPTIED,
        "A queue with packets in it was emptied: the link went down, or the queueing discipline was replaced"),
    FUNCTION(
        "__rtnl_unlock", QDISC_EMPTIED,
        "A queue with packets in it was emptied: the link went down, or the queueing discipline was replaced"),
    FUNCTION(
        "rtnl_unlock", QDISC_EMPTIED,
        "A queue with packets in it was emptied: the link went down, or the queueing discipline was replaced"),
    FUNCTION(
        "pfifo_fast_reset", QDISC_EMPTIED,
        "A queue with packets in it was emptied: the link went down, or the queueing discipline was replaced"),
    FUNCTION("veth_xdp_rcv_skb", XDP_PROGRAM,
             "An XDP program drops it; rarely it could not be shown to the program"),
    FUNCTION("do_xdp_generic", XDP_PROGRAM,
             "An XDP program drops it; rarely it could not be shown to the program"),
    FUNCTION("netif_receive_generic_xdp", XDP_PROGRAM,
             "An XDP program drops it; rarely it could not be shown to the program"),
    FUNCTION("generic_xdp_tx", XDP_TRANSMIT_FAILED,
             "An XDP program sends it back, and the device takes no more"),
    FUNCTION("tun_xdp_one", XDP_PROGRAM, "An XDP program drops it, or the tun device cannot parse it"),
    FUNCTION("__dev_forward_skb2", VETH_PEER_DOWN_OR_MTU,
             "The other end of the veth pair is down, or takes only smaller packets (its MTU)"),
    FUNCTION("____dev_forward_skb", VETH_PEER_DOWN_OR_MTU,
             "The other end of the veth pair is down, or takes only smaller packets (its MTU)"),
    FUNCTION("veth_xmit", VETH_PEER_GONE, "The other end of the veth pair is gone"),
    BOTH("NOT_SPECIFIED", "__dev_queue_xmit", DEVICE_DOWN,
         "The device is down or refused it, or it goes round in a loop of devices"),
    FUNCTION("__dev_direct_xmit", DEVICE_DOWN,
             "The device is down or its queue is stopped, and the sender wants no queue"),
    FUNCTION("validate_xmit_skb", TRANSMIT_OFFLOAD_FAILED,
             "It could not be cut into segments or encrypted for the device"),
    FUNCTION("vlan_do_receive", STACKED_DEVICE_DOWN, "The VLAN interface that it belongs to is down"),
    FUNCTION("macvlan_handle_frame", STACKED_DEVICE_DOWN, "The macvlan interface that it belongs to is down"),
    FUNCTION("macvlan_broadcast_enqueue", STACKED_DEVICE_BACKLOG_FULL,
             "Too many broadcasts wait for the macvlan interfaces (bcqueuelen)"),
    FUNCTION(
        "gro_cells_receive", STACKED_DEVICE_BACKLOG_FULL,
        "The input queue of a tunnel or stacked device is full (net.core.netdev_max_backlog), or the device is down"),
    FUNCTION("skb_do_redirect", BPF_REDIRECT_FAILED,
             "A BPF program or tc action redirects it to where it cannot go"),
    FUNCTION("__bpf_redirect*", BPF_REDIRECT_FAILED, "A BPF program redirects it to where it cannot go"),
    FUNCTION("__bpf_tx_skb", BPF_REDIRECT_FAILED, "BPF programs redirect it round in a loop"),
    FUNCTION("netif_napi_add_weight*", NO_PACKET, "A test of the kernel when a queue is made: no packet"),
    FUNCTION("packet_release", PACKET_SOCKET_CLOSED, "A packet socket was closed with packets unread"),
    FUNCTION("packet_set_ring", PACKET_SOCKET_CLOSED, "A packet socket got a ring with packets unread"),
    BOTH("NOT_SPECIFIED", "drop_func", QDISC_CONGESTION, "CoDel dropped it to slow its sender down"),
    BOTH("NOT_SPECIFIED", "cake_dequeue", QDISC_CONGESTION, "cake dropped it to slow its sender down"),
    BOTH("NOT_SPECIFIED", "timesortedlist_drop", QDISC_DEPARTURE_TIME,
         "etf: it was too late for its time of departure"),
    BOTH("NOT_SPECIFIED", "netem_dequeue", QDISC_FULL, "The queueing discipline below netem was full"),
    FUNCTION("ieee80211_iface_work", WIRELESS_FRAME_UNNEEDED,
             "A management frame of a wireless network, which was read, then freed"),
    BOTH("DEV_READY", "flush_backlog", DEVICE_GONE,
         "It waited in the input queue of a CPU when its device went"),
    FUNCTION("flush_backlog", DEVICE_GONE, "It waited in the input queue of a CPU when its device went"),
    FUNCTION("br_dev_xmit", BRIDGE_VLAN,
             "The VLAN is not allowed on the bridge itself, or the packet is too short"),
    FUNCTION(
        "br_nf_*", BRIDGE_NETFILTER_ERROR,
        "br_netfilter cannot send it on: no route or neighbour, no memory, or larger than the port takes"),
    FUNCTION("nf_br_ip_fragment", BRIDGE_NETFILTER_ERROR,
             "br_netfilter cannot send it on: a fragment of it could not be sent"),
    FUNCTION("br_ip6_fragment", BRIDGE_NETFILTER_ERROR,
             "br_netfilter cannot send it on: a fragment of it could not be sent"),
    FUNCTION(
        "qdisc_reset", QDISC_EMPTIED,
        "A queue with packets in it was emptied: the link went down, or the queueing discipline was replaced"),
    FUNCTION(
        "skbprio_*", QDISC_EMPTIED,
        "A queue with packets in it was emptied: the link went down, or the queueing discipline was replaced"),
    FUNCTION(
        "cake_clear_tin", QDISC_EMPTIED,
        "A queue with packets in it was emptied: the link went down, or the queueing discipline was replaced"),
    FUNCTION("sfb_enqueue", QDISC_FULL, "A filter of the queueing discipline drops it"),
    FUNCTION("sfq_rehash", QDISC_FULL, "sfq found no place for its flow"),
    FUNCTION("bpf_kfree_skb", QDISC_FULL, "A queueing discipline that is a BPF program drops it"),
    FUNCTION("validate_xmit_unreadable_skb", TRANSMIT_OFFLOAD_FAILED,
             "Its data is in the memory of another device"),
    FUNCTION("sch_frag*", TC_FILTER_ERROR, "A tc action cannot send it on in fragments"),
    FUNCTION("tcf_ct_*", TC_FILTER_ERROR, "Connection tracking of a tc action refused it"),
    FUNCTION("bpf_out_neigh_*", BPF_REDIRECT_FAILED,
             "A BPF program redirects it to a neighbour that cannot be reached"),
    FUNCTION("nf_do_netdev_egress", BPF_REDIRECT_FAILED,
             "A rule of nftables sends it round in a loop of devices"),
    FUNCTION("nf_fwd_netdev_egress", BPF_REDIRECT_FAILED,
             "A rule of nftables sends it to a device that is not there"),
    FUNCTION("ipvlan_rcv_frame", STACKED_DEVICE_DOWN, "The ipvlan interface that it belongs to is down"),
    FUNCTION("ipvlan_process_multicast", STACKED_DEVICE_DOWN,
             "The ipvlan interface that it belongs to is down"),
    FUNCTION("ipvlan_queue_xmit", STACKED_TRANSMIT_FAILED, "ipvlan cannot send it: no route, or no header"),
    FUNCTION("ipvlan_process_*", STACKED_TRANSMIT_FAILED, "ipvlan cannot send it: no route, or no header"),
    FUNCTION("netkit_xmit", NETKIT_PROGRAM,
             "The program of the netkit pair drops it, or its other end is down"),
    FUNCTION("macsec_*", MACSEC_ERROR, "MACsec could not encrypt or decrypt it"),
    FUNCTION("tap_get_user*", TAP_WRITE_FAILED, "What the program behind the device sends is malformed"),
    FUNCTION("dsa_*", DSA_ERROR, "A switch of the host (DSA) has no port for it"),
    FUNCTION("hsr_forward_skb", HSR_COPY,
             "The original of HSR or PRP copies; the kernel does not say whether those were sent"),
    FUNCTION("llc_*", LLC_UNHANDLED, "Of a protocol that nobody on this host asked for (LLC)"),
    FUNCTION("snap_rcv", LLC_UNHANDLED, "Of a protocol that nobody on this host asked for (SNAP)"),
    FUNCTION("stp_pdu_rcv", LLC_UNHANDLED, "Of a protocol that nobody on this host asked for (STP)"),
    FUNCTION("garp_pdu_rcv", BRIDGE_CONTROL_MESSAGE, "A message of GARP or MRP, which was read, then freed"),
    FUNCTION("mrp_rcv", BRIDGE_CONTROL_MESSAGE, "A message of GARP or MRP, which was read, then freed"),
    FUNCTION("ovs_*", OPEN_VSWITCH_ERROR, "Open vSwitch could not send it on, or has no flow for it"),
    FUNCTION("do_execute_actions", OPEN_VSWITCH_FLOW,
             "A flow of Open vSwitch drops it, or no action sends it anywhere"),
    FUNCTION("do_output", OPEN_VSWITCH_ERROR,
             "Open vSwitch could not send it on: larger than the port takes, or the port is down"),
    FUNCTION("internal_dev_recv", OPEN_VSWITCH_ERROR, "A port of Open vSwitch is down"),
    FUNCTION("netdev_port_receive", OPEN_VSWITCH_ERROR, "Open vSwitch has no port for it"),
};
/* clang-format on */

const size_t drop_meaning_device_count = ELEMENTS(drop_meaning_devices);
