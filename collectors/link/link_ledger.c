/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/link/link_ledger.h"

/*
 * Says which losses of a link drop sites see as well. Constant data; any thread. A link without a kind is
 * hardware, or behaves like it: it loses packets before there is an skb, which no drop site sees. A software
 * link either drops an skb, or the link below refused the packet, which counts it as well: its counters add
 * nothing. veth, tun and tap are in between, because of XDP.
 */

#define NEARER "netdrop_nic_lost_total" /* the driver's own statistics, by cause */

#define REST(the_kind, where, way, closer, text, ...)                                                        \
    {                                                                                                        \
        .when = {"kind", the_kind}, .mode = LEDGER_REST, .stage = STAGE_##where,                             \
        .direction = DIRECTION_##way, .unless = closer, .source = text, .by = {                              \
            __VA_ARGS__                                                                                      \
        }                                                                                                    \
    }
#define DETAIL(text)                                                                                         \
    {                                                                                                        \
        .mode = LEDGER_DETAIL, .source = text                                                                \
    }
#define AT(cause)                                                                                            \
    {                                                                                                        \
        cause, JOIN_DEVICE                                                                                   \
    }
#define AT_PEER(cause)                                                                                       \
    {                                                                                                        \
        cause, JOIN_PEER                                                                                     \
    }

/* What dev.c adds to the receive_dropped of any link; drop sites have all of it. It includes `unknown`: a
 * driver that frees an skb may be a drop site of unknown cause. */
#define RECEIVE_CORE                                                                                         \
    AT("unhandled_protocol"), AT("cpu_backlog_full"), AT("no_memory"), AT("stacked_device_backlog_full"),    \
        AT("driver_freed"), AT("unknown")
#define RECEIVE_SOURCE "net/core/dev.c enqueue_to_backlog(), __netif_receive_skb_core(): freed there"
#define RECEIVE_DRIVER(the_kind)                                                                             \
    REST(the_kind, DRIVER, RECEIVE, NEARER,                                                                  \
         RECEIVE_SOURCE                                                                                      \
         "; macvlan.c and ipvlan_core.c for packets that wait for links above. The rest is the driver's: "   \
         "no buffer, or an XDP program",                                                                     \
         RECEIVE_CORE)
#define RECEIVE_TAP(the_kind)                                                                                \
    REST(the_kind, INGRESS, RECEIVE, NULL, RECEIVE_SOURCE "; drivers/net/tap.c tap_handle_frame()",          \
         AT("tap_queue_full"), AT("segmentation_failed"), AT("checksum_not_made"), RECEIVE_CORE)

const struct ledger_rule link_receive_dropped_ledger[] = {
    RECEIVE_DRIVER(""),
    RECEIVE_DRIVER("ipoib"),
    RECEIVE_DRIVER("can"),
    RECEIVE_DRIVER("wwan"),
    REST("veth", DRIVER, RECEIVE, NULL,
         RECEIVE_SOURCE
         "; include/linux/netdevice.h ____dev_forward_skb() what the other end sends while this one is "
         "down or too small; veth.c veth_xdp_rcv_skb(). The rest: XDP frames, which are no skbs",
         AT_PEER("veth_peer_down_or_mtu"), AT("xdp_program"), RECEIVE_CORE),
    REST("tun", DRIVER, RECEIVE, NULL,
         RECEIVE_SOURCE
         "; drivers/net/tun.c tun_get_user(). The rest: what tun_xdp_act() drops before it is an skb",
         AT("tun_device_down"), AT("packet_truncated"), AT("buffer_unreadable"), AT("xdp_program"),
         RECEIVE_CORE),
    RECEIVE_TAP("macvtap"),
    RECEIVE_TAP("ipvtap"),
    DETAIL(
        "The link's own driver frees the skb: net/core/gro_cells.c gro_cells_receive(), vxlan_rcv(), "
        "macsec_handle_frame(). A bond adds its links up (bond_get_stats()); a macvlan counts what netif_rx() "
        "refuses a second time (macvlan_count_rx())"),
    {},
};

#define TRANSMIT_CORE                                                                                        \
    AT("link_down"), AT("ipv6_announced_early"), AT("device_down"), AT("device_recursion"),                  \
        AT("transmit_offload_failed"), AT("bpf_redirect_failed"), AT("xdp_transmit_failed"),                 \
        AT("driver_freed"), AT("unknown")
#define TRANSMIT_SOURCE                                                                                      \
    "net/core/dev.c __dev_queue_xmit(), __dev_direct_xmit(), validate_xmit_skb(), generic_xdp_tx(), "        \
    "net/core/filter.c bpf_out_neigh_v4() and its twin, net/sched/sch_generic.c noop_enqueue() (not 6.1): freed there"
#define TRANSMIT_DRIVER(the_kind)                                                                            \
    REST(the_kind, DRIVER, TRANSMIT, NEARER,                                                                 \
         TRANSMIT_SOURCE ". The rest is the driver's: a full ring, or what the hardware refuses",            \
         TRANSMIT_CORE)

const struct ledger_rule link_transmit_dropped_ledger[] = {
    TRANSMIT_DRIVER(""),
    TRANSMIT_DRIVER("ipoib"),
    TRANSMIT_DRIVER("can"),
    TRANSMIT_DRIVER("wwan"),
    REST("veth", DRIVER, TRANSMIT, NULL,
         TRANSMIT_SOURCE
         "; drivers/net/veth.c veth_xmit() what the other end does not take: it is down, too small or "
         "gone, its CPU's backlog is full or, in 6.1, its ring for XDP. The rest: XDP frames, which are "
         "no skbs",
         AT("veth_peer_down_or_mtu"), AT("veth_peer_gone"), AT_PEER("cpu_backlog_full"),
         AT_PEER("driver_freed"), TRANSMIT_CORE),
    REST("tun", DRIVER, TRANSMIT, NULL,
         TRANSMIT_SOURCE
         "; drivers/net/tun.c tun_net_xmit(). The rest: XDP frames (tun_xdp_xmit()), which are no skbs",
         AT("tun_queue_full"), AT("tap_filter"), AT("tun_not_attached"), AT("no_memory"),
         AT("buffer_unreadable"), TRANSMIT_CORE),
    DETAIL("The queue or the device below refused it: vlan_dev_hard_start_xmit(), macvlan_start_xmit(), "
           "iptunnel_xmit_stats(); or the link's own driver frees the skb (vxlan_xmit_one(), wg_xmit(), "
           "ip_tunnel_xmit()). A bond adds its links up (bond_get_stats())"),
    {},
};

#define ERRORS(the_kind, way)                                                                                 \
    REST(                                                                                                     \
        the_kind, NIC, way, NEARER,                                                                           \
        "The driver reads it from the hardware: all kinds of errors together (include/uapi/linux/if_link.h)", \
        AT("driver_freed"), AT("unknown"))
#define ERRORS_OF_SOFTWARE                                                                                   \
    DETAIL(                                                                                                  \
        "The link's own driver frees the skb: ip_tunnel_rcv(), ip_tunnel_xmit(), vxlan_rcv(), geneve_rx(), " \
        "wg_receive(). macvlan, ipvlan and their taps have the same number in errors and dropped "           \
        "(macvlan_dev_get_stats64(), ipvlan_get_stats64())")

const struct ledger_rule link_receive_errors_ledger[] = {
    ERRORS("", RECEIVE),     ERRORS("ipoib", RECEIVE), ERRORS("can", RECEIVE),
    ERRORS("wwan", RECEIVE), ERRORS_OF_SOFTWARE,       {},
};

const struct ledger_rule link_transmit_errors_ledger[] = {
    ERRORS("", TRANSMIT),     ERRORS("ipoib", TRANSMIT), ERRORS("can", TRANSMIT),
    ERRORS("wwan", TRANSMIT), ERRORS_OF_SOFTWARE,        {},
};

/* Some drivers report one hardware counter as both (mlx4_en_DUMP_ETH_STATS()). */
#define MISSED(the_kind, the_same)                                                                           \
    {                                                                                                        \
        .when = {"kind", the_kind}, .mode = LEDGER_REST, .stage = STAGE_NIC, .direction = DIRECTION_RECEIVE, \
        .unless = NEARER, .same = the_same,                                                                  \
        .source =                                                                                            \
            "The driver reads it from the hardware, which had no room for the packet: there was no skb"      \
    }
#define MISSED_OF_ALL(same)                                                                                  \
    MISSED("", same), MISSED("ipoib", same), MISSED("can", same), MISSED("wwan", same),                      \
        DETAIL("Of software links only a bond has this number: it adds its links up (bond_get_stats())")

const struct ledger_rule link_receive_missed_ledger[] = {MISSED_OF_ALL(NULL), {}};

const struct ledger_rule link_receive_fifo_ledger[] = {
    MISSED_OF_ALL("netdrop_link_receive_missed_total"),
    {},
};

const struct ledger_rule link_receive_error_kind_ledger[] = {
    DETAIL("The driver's; part of receive_errors (include/uapi/linux/if_link.h)"),
    {},
};

const struct ledger_rule link_transmit_error_kind_ledger[] = {
    DETAIL("The driver's; part of transmit_errors (include/uapi/linux/if_link.h)"),
    {},
};

const struct ledger_rule link_over_errors_ledger[] = {
    DETAIL(
        "The driver's; used for receive_fifo_errors or receive_missed, half of the drivers that have it count "
        "both (include/uapi/linux/if_link.h)"),
    {},
};

const struct ledger_rule link_unwanted_ledger[] = {
    DETAIL(
        "net/core/dev.c __netif_receive_skb_core() (nohandler: the backup of a bond or team got it), "
        "net/ipv4/ip_input.c ip_rcv_core() and net/ipv6/ip6_input.c ip6_rcv_core() (otherhost_dropped) free the "
        "skb beside: nobody misses it, so that what the places leave is no loss either"),
    {},
};

const struct ledger_rule link_collisions_ledger[] = {
    {.mode = LEDGER_SYMPTOM,
     .source =
         "The driver's: the packet is sent again, or counts in transmit_errors. Tunnels count loops here"},
    {},
};
