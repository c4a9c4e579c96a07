/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What a drop was like, where the kernel's reason is not enough to tell its cause. `may_probe` says whether
 * the program may read kernel memory. Runs in the kernel, as part of drop.bpf.c.
 */

#include <stdbool.h>

#include <linux/bpf.h>
#include <linux/if_packet.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "collectors/drops/bpf/drop_key.h"
#include "collectors/drops/bpf/kernel.bpf.h"

/* Returns true for what IPv6 sends before it has an address: reports of its multicast groups, mostly. */
static __always_inline bool has_no_source(const struct sk_buff *skb, bool may_probe)
{
    __u64 source[2];

    return may_probe && skb->protocol == bpf_htons(ETH_P_IPV6) &&
           bpf_probe_read_kernel(source, sizeof(source), skb->head + skb->network_header + IPV6_SOURCE) ==
               0 &&
           !(source[0] | source[1]);
}

/* The queue of a device without carrier drops all packets (noop_qdisc, net/sched/sch_generic.c), with the
 * reason of a full queue. So does that of a device that has just got its carrier, until the kernel replaces
 * it (net/core/link_watch.c). All queues of a device are replaced together. The kernel does not wait for it
 * to report its groups (mld_sendpack(), net/ipv6/mcast.c), and does so again. */
static __always_inline __u16 queue_circumstances_of(const struct sk_buff *skb, bool may_probe)
{
    const struct net_device *dev = skb->dev;

    if (!dev)
        return 0;
    if (!(dev->state & 1 << LINK_STATE_NOCARRIER || dev->_tx->qdisc->flags & QDISC_BUILTIN))
        return 0;
    return has_no_source(skb, may_probe) ? DROP_KEY_TO_GROUP : DROP_KEY_NO_CARRIER;
}

/* Returns what tells drops apart to which the kernel gives the same reason: bits of enum
 * drop_key_circumstance. */
static __always_inline __u16 circumstances_of(const struct sk_buff *skb, unsigned int reason, bool may_probe)
{
    if (reason == bpf_core_enum_value(enum skb_drop_reason, SKB_DROP_REASON_QDISC_DROP))
        return queue_circumstances_of(skb, may_probe);
    if (reason == bpf_core_enum_value(enum skb_drop_reason, SKB_DROP_REASON_NOT_SPECIFIED))
        switch (BPF_CORE_READ_BITFIELD(skb, pkt_type)) {
        case PACKET_BROADCAST:
        case PACKET_MULTICAST:
        case PACKET_LOOPBACK: /* this host's own copy of a multicast */
            return DROP_KEY_TO_GROUP;
        default:
            return DROP_KEY_TO_HOST;
        }
    return 0;
}
