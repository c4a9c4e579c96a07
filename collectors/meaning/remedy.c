/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/meaning/remedy.h"

/* See remedy.h. */

const struct remedy remedies[REMEDY_COUNT] = {
    [REMEDY_NOTHING] = {"benign", "Nothing to do: nobody waits for it"},
    [REMEDY_NOBODY_LISTENS] = {"nobody-listens", "Start what should take it, or tell its sender to stop"},
    [REMEDY_SOCKET_BUFFER] = {"udp-receive-buffer",
                              "Find the socket (ss -lunm); a faster reader, or a larger SO_RCVBUF"},
    [REMEDY_MEMORY] = {"protocol-memory", "See who holds the memory (ss -m, /proc/net/sockstat)"},
    [REMEDY_DAMAGED] = {"damaged", "Find its sender; cables, transceivers and offloads on the way"},
    [REMEDY_DEVICE] = {"devices", "See how the device is set up, and what is stacked on it (ip -d link)"},
    [REMEDY_TAP_QUEUE] = {"tap-queue", "Give the program behind the device more CPU, or a longer queue"},
    [REMEDY_BACKLOG] = {"backlog", "Spread the flows over more CPUs, or raise net.core.netdev_max_backlog"},
    [REMEDY_FIREWALL] = {"firewall", "Find the rule that drops it (nft list ruleset), and judge it"},
    [REMEDY_ROUTES] = {"routes", "Compare ip route get of source and destination with what is meant"},
    [REMEDY_BRIDGE] = {"bridge", "Look at the ports of the bridge (bridge -d link)"},
    [REMEDY_TUNNEL] = {"tunnels", "Compare the settings of both ends of the tunnel"},
    [REMEDY_IP_HEADER] = {"ip-header", "Look for a routing loop (traceroute), else for a broken sender"},
    [REMEDY_PATH_MTU] = {"path-mtu", "Let ICMP through, and make the MTUs along the path agree"},
    [REMEDY_FRAGMENTS] = {"ip-fragments", "See why it is fragmented at all; a smaller MTU at its sender"},
    [REMEDY_NEIGHBOUR] = {"neighbours", "See which neighbour does not answer (ip neighbour)"},
    [REMEDY_TRANSMIT_QUEUE] = {"transmit-queue",
                               "See which queue (tc -s qdisc): less traffic, more rate, a longer limit"},
    [REMEDY_TCP_SEGMENTS] = {"tcp-segments", "Capture one connection with tcpdump, and ask its peer"},
    [REMEDY_TCP_RECEIVE_QUEUE] = {"tcp-receive-queue",
                                  "Find the connections whose readers lag behind (ss -tm)"},
    [REMEDY_ACCEPT_QUEUE] = {"tcp-accept-queue",
                             "Let the server accept faster, or raise its backlog (ss -ltn)"},
    [REMEDY_OPEN_VSWITCH] = {"open-vswitch", "Trace the packet (ovs-appctl ofproto/trace)"},
    [REMEDY_NIC_RING] = {"nic-ring",
                         "A larger ring (ethtool -G), more queues, or an idler CPU for their interrupts"},
    [REMEDY_NIC_MISSED] = {"nic-missed",
                           "A larger ring (ethtool -G); else see whether its PCIe slot is fast enough"},
    [REMEDY_NIC_FAULT] = {"nic-fault", "See the kernel's log (dmesg) and the driver's version"},
    [REMEDY_DUPLEX] = {"duplex", "Compare speed and duplex of both ends (ethtool DEVICE)"},
    [REMEDY_LINK_FLAPS] = {"link-flaps", "Cable, transceiver, the switch's port"},
};

const struct meaning_limit receive_ring_limit = {
    .now = "netdrop_nic_ring_entries",
    .most = "netdrop_nic_ring_entries_limit",
    .unit = "receive ring entries",
    .only = {"direction", "receive"},
};
