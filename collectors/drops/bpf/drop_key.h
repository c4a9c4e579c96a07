/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What the BPF program and the daemon share: the keys that drops are counted by, what is counted, and the
 * closed vocabularies of both. Nothing in a key is free text or a number from the wire: an outsider must not
 * be able to fill a map. Everything here is in the maps of a program that may be older than the daemon that
 * reads them.
 */

#include <linux/if_ether.h>
#include <linux/types.h>

enum {
    DROP_SYMBOL_TEXT_SIZE = 224,
    DROP_CGROUP_PATH_SIZE = 512,
};

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
    DROP_NETNS_COUNT,
    /* In a key, the bits above may have the number of another namespace: its cookie, cut to fit, which
     * unlike an inode is never used again. */
    DROP_NETNS_BITS = 2,
    DROP_NETNS_KINDS = (1 << DROP_NETNS_BITS) - 1,
};

/* What the key of a site says about the owner of a packet. */
enum drop_owner {
    DROP_OWNER_NONE,    /* no socket: the packet has no owner yet, or no longer */
    DROP_OWNER_KNOWN,   /* counted in the map of workloads, too */
    DROP_OWNER_UNKNOWN, /* a socket whose control group the kernel does not tell */
    DROP_OWNER_FULL,    /* the map of workloads had no room */
    DROP_OWNER_COUNT
};

/* What tells apart drops of one place and reason. The first bits are those of enum drop_circumstance
 * (collectors/meaning/drop_meaning.h); without the next ones the packet came by its device. */
enum drop_key_circumstance {
    DROP_KEY_NO_CARRIER = 1 << 0,
    DROP_KEY_TO_GROUP = 1 << 1,
    DROP_KEY_TO_HOST = 1 << 2,
    DROP_KEY_MEANINGS = 0x7,
    DROP_KEY_MADE_HERE = 1 << 3, /* skb_iif is 0: it came by no device, or is still on its way in */
    DROP_KEY_FORWARDED = 1 << 4, /* it came by another device than it has now */
    DROP_KEY_OWNER_SHIFT = 8,    /* enum drop_owner, two bits */
    DROP_KEY_OWNERS = 0x300,
    DROP_KEY_EPOCH = 1 << 15, /* see drop_setting */
};

struct drop_key {
    __u64 location; /* in the function that dropped, behind its call of kfree_skb; or the function itself,
                       where it names itself as the one (net_tx_action) */
    __u32 reason;   /* enum skb_drop_reason of the running kernel; the high 16 bits are a subsystem */
    __u32 ifindex;  /* in the namespace; 0 where that has no number and is not the daemon's own */
    __u32 netns;    /* enum drop_netns, and the number */
    __u16 protocol; /* enum drop_protocol */
    __u16 circumstances; /* enum drop_key_circumstance */
};

/* What one CPU has counted at a site, all in one place, so that a drop costs one lookup. The kernel
 * allocates one for each site and each possible CPU, used or not: on 256 CPUs, each word of it takes 8
 * MiB. */
struct drop_value {
    __u64 skbs;
    __u64 more_segments;    /* that skbs of several had beyond the first */
    __u32 window;           /* the few milliseconds in which the last drop was */
    __u32 in_window : 24;   /* drops in it so far */
    __u32 record_pause : 8; /* after so many windows, a drop may be recorded again (recorder.bpf.h) */
};

/* The drops of a control group. Location 0 is no drop site, but the tracepoint udp_fail_queue_rcv_skb. */
struct drop_workload_key {
    __u64 cgroup; /* its number, which is the inode of its directory */
    __u64 location;
    __u32 reason;
    __u32 netns;
    __u16 circumstances; /* enum drop_key_circumstance, no owner */
    __u16 zero[3];
};

/*
 * A burst is what one CPU drops within a window. It counts for a size as soon as it gets there, not when it
 * is over: a burst that nothing follows would never be over.
 */
enum { DROP_BURST_STEPS = 10 };

struct drop_bursts {
    __u64 reached[DROP_BURST_STEPS]; /* 1, 2, 5, 17, ... 4^8 + 1 drops */
};

/* The name by which the kernel itself calls a location, "%pS": "tap_handle_frame+0x1bc/0x2f0 [tap]".
 * Longer names are cut. */
struct drop_symbol {
    char text[DROP_SYMBOL_TEXT_SIZE];
};

/* A path below the root of the hierarchy: "/system.slice/statsd.service"; that of the root is "". The path
 * of a control group that is too deep lacks its top (".../a/b"); a path that is too long is cut at its
 * end. */
struct drop_cgroup {
    char path[DROP_CGROUP_PATH_SIZE];
};

/* A device in a numbered namespace, as in the key of a site. The value has its name, and the inode by which
 * others know the namespace, both as of the last window with a drop. Only namespaces that drop have entries.
 */
struct drop_device_key {
    __u32 netns;
    __u32 ifindex;
};

struct drop_device {
    char name[16];
};

struct drop_namespace {
    __u32 inode;
};

/* The control group of a process in such a namespace. */
struct drop_tenant {
    __u64 cgroup;
    __u32 netns;
    __u32 zero;
};

/* Counts that no other map has: for each index, one number per CPU. */
enum drop_tally {
    DROP_TALLY_SITE,          /* drops: no room for the site, and no owner that is known */
    DROP_TALLY_SITE_OF_OWNER, /* drops: no room for the site, but counted for its workload */
    DROP_TALLY_UDP_OWNER,     /* udp_fail_queue_rcv_skb, of nobody who could be counted */
    DROP_TALLY_RECORD_SITES,  /* places of the recorder that have, or had, a site */
    DROP_TALLY_RECORDED,      /* packets that were recorded */
    DROP_TALLY_UNRECORDED,    /* packets that should have been: their site has no place in the recorder */
    DROP_TALLY_NESTED,        /* drops that the second program counted (nested.bpf.h) */
    DROP_TALLY_COUNT
};

/*
 * What the program and its reader tell each other. The daemon sets an epoch for each map, which says whether
 * the keys that the program makes have DROP_KEY_EPOCH. Once the program uses another epoch, the keys of the
 * last one no longer move, and can be removed from the map without losing a drop that is being counted.
 */
enum drop_setting {
    DROP_SETTING_EPOCH_SITES,
    DROP_SETTING_EPOCH_WORKLOADS,
    DROP_SETTING_ABILITIES,   /* enum drop_ability; this and the next one are set by who loads the program */
    DROP_SETTING_OTHER_BYTES, /* memory of the maps that no descriptor is handed over of */
    DROP_SETTING_COUNT
};

enum drop_ability {
    DROP_ABILITY_SEGMENTS = 1 << 0,
    DROP_ABILITY_WORKLOADS = 1 << 1,
    DROP_ABILITY_SOCKETS = 1 << 2, /* also of packets on the way in */
    DROP_ABILITY_NAMESPACES = 1 << 3,
};

/* Returns the protocol of an ethertype, which is in host byte order. */
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
