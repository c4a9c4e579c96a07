/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What the BPF program and the daemon share: the key that drops are counted by, and its closed vocabularies.
 * Nothing in a key is free text or a number from the wire: an outsider must not be able to fill the map.
 */

#include <linux/if_ether.h>
#include <linux/types.h>

enum { DROP_SYMBOL_TEXT_SIZE = 224 };

enum drop_protocol {
    DROP_PROTOCOL_NONE, /* not known, or no packet of a network: AF_UNIX, vsock */
    DROP_PROTOCOL_IPV4,
    DROP_PROTOCOL_IPV6,
    DROP_PROTOCOL_ARP,
    DROP_PROTOCOL_VLAN,
    DROP_PROTOCOL_OTHER,
    DROP_PROTOCOL_COUNT
};

enum drop_netns {
    DROP_NETNS_NONE, /* not known */
    DROP_NETNS_SELF, /* the daemon's own */
    DROP_NETNS_OTHER,
    DROP_NETNS_COUNT
};

/* The bits of enum drop_circumstance (collectors/meaning/drop_meaning.h). */
enum drop_key_circumstance {
    DROP_KEY_NO_CARRIER = 1 << 0,
    DROP_KEY_TO_GROUP = 1 << 1,
    DROP_KEY_TO_HOST = 1 << 2,
};

struct drop_key {
    __u64 location; /* in the function that dropped, behind its call of kfree_skb; or the function itself,
                       where it names itself as the one (net_tx_action) */
    __u32 reason;   /* enum skb_drop_reason of the running kernel; the high 16 bits are a subsystem */
    __u32 ifindex;  /* 0 outside the daemon's own namespace */
    __u32 netns;    /* enum drop_netns */
    __u16 protocol; /* enum drop_protocol */
    __u16 circumstances; /* enum drop_key_circumstance, as far as the reason leaves a question */
};

/* What the kernel itself calls a location, "%pS": "tap_handle_frame+0x1bc/0x2f0 [tap]". Longer ones are cut.
 */
struct drop_symbol {
    char text[DROP_SYMBOL_TEXT_SIZE];
};

/* The ethertype, in host byte order. */
static inline enum drop_protocol drop_protocol_of(__u16 ethertype)
{
    switch (ethertype) {
    case 0:
        return DROP_PROTOCOL_NONE;
    case ETH_P_IP:
        return DROP_PROTOCOL_IPV4;
    case ETH_P_IPV6:
        return DROP_PROTOCOL_IPV6;
    case ETH_P_ARP:
        return DROP_PROTOCOL_ARP;
    case ETH_P_8021Q:
    case ETH_P_8021AD:
        return DROP_PROTOCOL_VLAN;
    default:
        return DROP_PROTOCOL_OTHER;
    }
}
