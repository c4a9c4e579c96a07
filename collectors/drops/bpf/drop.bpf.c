/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counts, inside the kernel, every packet that is dropped: the tracepoint kfree_skb, by location, reason,
 * device and protocol. Nothing is sent anywhere: the daemon reads the map when it likes, and a flood costs
 * it nothing.
 *
 * Lossless: each CPU has a count of its own, and it is added to atomically, because a hard interrupt that
 * drops a packet may come between a plain load and store. What cannot be counted by key, because the map is
 * full, is counted in `lost`.
 *
 * When a key is new its location gets a name, as the kernel prints it: no symbol table is read for that, and
 * it works where kernel.kptr_restrict hides all addresses from everybody.
 *
 * The structs below name only what is used, where the running kernel has it is found out at load time
 * (CO-RE). Any pointer may be stale or none at all: skb->dev shares its place with dev_scratch (UDP) and
 * with rb_left (TCP's out-of-order queue), skb->sk with ip_defrag_offset. The kernel makes a faulting
 * read 0, and what a readable wrong pointer yields is told by the number of its namespace.
 */

#include <stdbool.h>

#include <linux/bpf.h>
#include <linux/if_packet.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "collectors/drops/bpf/drop_key.h"

#define PRESERVED __attribute__((preserve_access_index))

/* Inode numbers of namespaces are at least 0xF0000000 (PROC_DYNAMIC_FIRST of fs/proc/generic.c), the initial
 * ones of Linux 6.18 just below (enum init_ns_ino). */
#define NETNS_INODE_MIN 0xEFFFFFF0

struct ns_common {
    unsigned int inum;
} PRESERVED;

struct net {
    struct ns_common ns;
} PRESERVED;

typedef struct {
    struct net *net;
} PRESERVED possible_net_t;

struct net_device {
    int ifindex;
    unsigned long state;
    possible_net_t nd_net;
} PRESERVED;

struct sock_common {
    possible_net_t skc_net;
} PRESERVED;

struct sock {
    struct sock_common __sk_common;
} PRESERVED;

struct sk_buff {
    struct net_device *dev;
    struct sock *sk;
    __u8 pkt_type : 3;
    __be16 protocol;
} PRESERVED;

/* Their numbers are the running kernel's. */
enum skb_drop_reason { SKB_DROP_REASON_NOT_SPECIFIED = 1, SKB_DROP_REASON_QDISC_DROP = 2 };

enum {
    LINK_STATE_NOCARRIER = 2, /* enum netdev_state_t */
};

enum { STACK_DEPTH = 12 }; /* the tracepoint's own frames are the first few */

/* Set before the program is loaded: the inode number of the daemon's own namespace. */
const volatile __u32 own_netns = 0;

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_HASH);
    __uint(max_entries, 1024); /* set anew before the map is made */
    __type(key, struct drop_key);
    __type(value, __u64);
} counts SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u64);
} lost SEC(".maps");

/* The names of locations. Where there is none, because it is full or the kernel was busy, /proc/kallsyms may
 * help. */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 1024); /* kernels have some hundred places that drop */
    __type(key, __u64);
    __type(value, struct drop_symbol);
} symbols SEC(".maps");

/* Where kfree_skb_list_reason() of Linux 6.1 drops in its callers' stead; 0: not met yet, or a newer kernel,
 * whose own says where it was called from. */
__u64 list_location = 0;

static const char list_function[] = "kfree_skb_list_reason+";
static const char symbol_format[] = "%pS";

static enum drop_netns netns_of(__u32 inode)
{
    if (inode < NETNS_INODE_MIN)
        return DROP_NETNS_NONE;
    return inode == own_netns ? DROP_NETNS_SELF : DROP_NETNS_OTHER;
}

/* The device names the namespace; a packet that has none yet, its socket. */
static void place_of(const struct sk_buff *skb, struct drop_key *key)
{
    const struct net_device *dev = skb->dev;
    const struct sock *sk;

    if (dev) {
        key->netns = netns_of(dev->nd_net.net->ns.inum);
        if (key->netns == DROP_NETNS_SELF)
            key->ifindex = (__u32)dev->ifindex;
    }
    if (key->netns != DROP_NETNS_NONE)
        return;
    sk = skb->sk;
    if (sk)
        key->netns = netns_of(sk->__sk_common.skc_net.net->ns.inum);
}

/* What else tells apart what the kernel gives the same reason for. The queue of a device without carrier
 * drops all (noop_qdisc, net/sched/sch_generic.c) as one that is full does. */
static __u16 circumstances_of(const struct sk_buff *skb, unsigned int reason)
{
    if (reason == bpf_core_enum_value(enum skb_drop_reason, SKB_DROP_REASON_QDISC_DROP)) {
        const struct net_device *dev = skb->dev;

        return dev && dev->state & 1 << LINK_STATE_NOCARRIER ? DROP_KEY_NO_CARRIER : 0;
    }
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

static void count_lost(void)
{
    __u32 zero = 0;
    __u64 *count = bpf_map_lookup_elem(&lost, &zero);

    if (count)
        __sync_fetch_and_add(count, 1);
}

/* Who called the function that the location is in; the location itself where that is not on the stack. */
static __u64 caller_of(void *ctx, __u64 location)
{
    __u64 stack[STACK_DEPTH] = {};

    bpf_get_stack(ctx, stack, sizeof(stack), 0);
    for (unsigned i = 0; i + 1 < STACK_DEPTH; i++)
        if (stack[i] == location && stack[i + 1])
            return stack[i + 1];
    return location;
}

/* False: the kernel does not say. */
static bool symbol_print(__u64 location, struct drop_symbol *ret_symbol)
{
    __u64 arguments[] = {location};

    return bpf_snprintf(ret_symbol->text, sizeof(ret_symbol->text), symbol_format, arguments,
                        sizeof(arguments)) > 0;
}

static bool is_list_function(const struct drop_symbol *symbol)
{
    for (unsigned i = 0; i < sizeof(list_function) - 1; i++)
        if (symbol->text[i] != list_function[i])
            return false;
    return true;
}

/* Names a location that is new. Returns it, or what is to be counted in its stead. */
static __u64 name_location(void *ctx, __u64 location)
{
    struct drop_symbol symbol = {};

    if (!symbol_print(location, &symbol))
        return location;
    if (is_list_function(&symbol)) {
        list_location = location;
        location = caller_of(ctx, location);
        if (!symbol_print(location, &symbol))
            return location;
    }
    bpf_map_update_elem(&symbols, &location, &symbol, BPF_ANY);
    return location;
}

/* The tracepoint has a third argument since Linux 5.17, and a fourth since 6.11 that is not used. */
SEC("tp_btf/kfree_skb")
int BPF_PROG(count_drop, struct sk_buff *skb, void *location, unsigned int reason)
{
    struct drop_key key = {
        .location = (__u64)location,
        .reason = reason,
        .protocol = drop_protocol_of(bpf_ntohs(skb->protocol)),
        .circumstances = circumstances_of(skb, reason),
    };
    __u64 *count;

    if (key.location == list_location)
        key.location = caller_of(ctx, key.location);
    place_of(skb, &key);
    count = bpf_map_lookup_elem(&counts, &key);
    if (!count) {
        const __u64 zero = 0;

        key.location = name_location(ctx, key.location);
        /* Fails where another CPU was faster, too: then it is there. */
        bpf_map_update_elem(&counts, &key, &zero, BPF_NOEXIST);
        count = bpf_map_lookup_elem(&counts, &key);
    }
    if (count)
        __sync_fetch_and_add(count, 1);
    else
        count_lost();
    return 0;
}

char _license[] SEC("license") = "GPL";
