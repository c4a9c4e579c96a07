/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counts every dropped packet inside the kernel, at the tracepoint kfree_skb: by location, reason, device and
 * protocol, and by the control group of the socket that it belongs to. Sends nothing: the daemon reads the
 * maps when it wants, and a flood costs it nothing. Runs on the CPU that drops the packet, in any context,
 * and so on no thread of ours.
 *
 * No drop is lost: each CPU has its own count, and adds to it atomically, because an interrupt that drops a
 * packet may come between a plain load and store. A drop whose key does not fit into a full map is counted in
 * `tallies`. The kernel does not run a program within itself, so a second program counts the drops that occur
 * while the first one runs (nested.bpf.h).
 *
 * The owner of a packet is the socket that the kernel passes with the drop (since Linux 6.11), or else the
 * packet's own socket, which it does not have yet on the way in. The control group is the one in which the
 * socket was made.
 */

#include <stdbool.h>

#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "collectors/drops/bpf/circumstances.bpf.h"
#include "collectors/drops/bpf/drop_key.h"
#include "collectors/drops/bpf/kernel.bpf.h"
#include "collectors/drops/bpf/names.bpf.h"
#include "collectors/drops/bpf/nested.bpf.h"
#include "collectors/drops/bpf/recorder.bpf.h"
#include "collectors/drops/bpf/spaces.bpf.h"
#include "collectors/drops/bpf/tally.bpf.h"

/* Set before the program is loaded. The verifier removes the code behind what is false. */
const volatile __u32 burst_shift = 0;   /* the length of a window, in kernel clock ticks, as a power of two */
const volatile bool may_probe = false;  /* the program may read kernel memory; lockdown may forbid it */
const volatile bool has_socket = false; /* the tracepoint passes the socket, as its fourth argument */
const volatile bool by_workload = false; /* count by owner */

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_HASH);
    __uint(max_entries, 1024); /* set before the map is made */
    __type(key, struct drop_key);
    __type(value, struct drop_value);
} counts SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_HASH);
    __uint(max_entries, 4096);
    __type(key, struct drop_workload_key);
    __type(value, __u64);
} workloads SEC(".maps");

/* One entry per site for all CPUs: it is updated only as often as there are bursts. */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 1024); /* as `counts` */
    __type(key, struct drop_key);
    __type(value, struct drop_bursts);
} bursts SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, DROP_SETTING_COUNT);
    __type(key, __u32);
    __type(value, __u32);
} settings SEC(".maps");

/* Since Linux 6.2: reads memory as a given type, without a helper call. */
void *bpf_rdonly_cast(const void *object, __u32 type) __ksym __weak;

struct owner {
    enum drop_owner kind;
    __u32 netns;  /* of the socket, as in a key */
    __u32 inode;  /* of that namespace */
    __u64 cgroup; /* 0 if not known */
    __u64 node;   /* address of the control group's node */
};

static __u16 epoch_of(__u32 setting)
{
    const __u32 *epoch = bpf_map_lookup_elem(&settings, &setting);

    return epoch ? (__u16)*epoch : 0;
}

/* Returns false if this is not a socket. A partial socket (TIME_WAIT, a request) has no control group. */
static __always_inline bool owner_read(const struct sock *sk, struct owner *owner)
{
    const struct net *net = sk->__sk_common.skc_net.net;
    unsigned char state;

    owner->netns = netns_of(net);
    if (owner->netns == DROP_NETNS_NONE)
        return false;
    if (by_netns)
        owner->inode = net->ns.inum;
    if (!by_workload)
        return true;
    owner->kind = DROP_OWNER_UNKNOWN;
    state = sk->__sk_common.skc_state;
    if (state == STATE_TIME_WAIT || state == STATE_NEW_SYN_RECV || !bpf_core_field_exists(sk->sk_cgrp_data))
        return true;
    owner->node = (__u64)sk->sk_cgrp_data.cgroup->kn;
    owner->cgroup = sk->sk_cgrp_data.cgroup->kn->id;
    if (owner->cgroup)
        owner->kind = DROP_OWNER_KNOWN;
    return true;
}

/* Returns true if the pointer is not NULL. Some verifiers assume that this pointer is never NULL. They would
 * take a plain comparison for always false, and never check the code after it. A negated value is just a
 * number to all of them. */
static __always_inline bool is_there(const void *pointer)
{
    __u64 number = (__u64)pointer;

    asm volatile("%0 = -%0" : "+r"(number));
    return number != 0;
}

static __always_inline void owner_find(unsigned long long *ctx, const struct sk_buff *skb,
                                       struct owner *owner)
{
    const struct sock *sk;

    if (has_socket) {
        sk = (const struct sock *)ctx[3];
        if (is_there(sk) && sk && owner_read(sk, owner))
            return;
    }
    sk = skb->sk;
    if (sk)
        (void)owner_read(sk, owner);
}

/* Sets the namespace: that of the device; if the packet has no device (yet, or any more), that of its socket.
 * Also notes whether the packet was made here or came in by another device. */
static __always_inline void place_of(const struct sk_buff *skb, const struct owner *owner,
                                     struct drop_key *key)
{
    const struct net_device *dev = skb->dev;
    int arrived = skb->skb_iif;

    if (!arrived)
        key->circumstances |= DROP_KEY_MADE_HERE;
    if (dev) {
        key->netns = netns_of(dev->nd_net.net);
        if (key->netns == DROP_NETNS_SELF || key->netns > DROP_NETNS_KINDS)
            key->ifindex = (__u32)dev->ifindex;
        if (arrived && key->netns != DROP_NETNS_NONE && dev->ifindex != arrived)
            key->circumstances |= DROP_KEY_FORWARDED;
    }
    if (key->netns == DROP_NETNS_NONE)
        key->netns = owner->netns;
}

/* Returns how many packets the skb stands for, beyond the first. */
static __always_inline __u64 more_segments_of(const struct sk_buff *skb)
{
    const struct skb_shared_info *shared;
    unsigned short size = 0, segments = 0;

    if (!may_probe)
        return 0;
    shared = (const void *)((__u64)skb->head + skb->end);
    if (bpf_rdonly_cast) {
        shared = bpf_rdonly_cast(shared, bpf_core_type_id_kernel(struct skb_shared_info));
        size = shared->gso_size;
        segments = size ? shared->gso_segs : 0;
    } else {
        bpf_probe_read_kernel(&size, sizeof(size), &shared->gso_size);
        if (size)
            bpf_probe_read_kernel(&segments, sizeof(segments), &shared->gso_segs);
    }
    return segments > 1 ? segments - 1 : 0; /* 0 if they are not counted yet (SKB_GSO_DODGY) */
}

/* Returns a workload's count on this CPU, or NULL if there is no room. Stores the path before the key. */
static __noinline __u64 *workload_add(const struct drop_workload_key *key, __u64 node, __u32 place)
{
    const __u64 zero = 0;

    name_cgroup(key->cgroup, node, place);
    /* Fails if another CPU was faster: then it exists. */
    bpf_map_update_elem(&workloads, key, &zero, BPF_NOEXIST);
    return bpf_map_lookup_elem(&workloads, key);
}

static __always_inline bool count_workload(const struct drop_workload_key *key, __u64 node, __u32 place)
{
    __u64 *count = bpf_map_lookup_elem(&workloads, key);

    if (!count)
        count = workload_add(key, node, place);
    if (!count)
        return false;
    __sync_fetch_and_add(count, 1);
    return true;
}

/* The steps are at 1 drop, and one drop beyond each power of four. */
static __noinline void burst_count(const struct drop_key *key, __u32 behind)
{
    struct drop_bursts *steps = bpf_map_lookup_elem(&bursts, key);
    __u32 step = 0;

    if (!steps) {
        static const struct drop_bursts zero;

        bpf_map_update_elem(&bursts, key, &zero, BPF_NOEXIST);
        steps = bpf_map_lookup_elem(&bursts, key);
    }
    if (!steps)
        return;
    for (unsigned i = 1; i < DROP_BURST_STEPS; i++)
        if (behind >= 1U << 2 * (i - 1))
            step = i;
    __sync_fetch_and_add(&steps->reached[step], 1);
}

/* Only the size of a burst matters, so no atomic is needed: drops of an interrupt in between may be missing.
 * The pause of the recorder is shortened by the windows that have passed. Returns true for the first drop of
 * a window. */
static __always_inline bool burst_add(const struct drop_key *key, struct drop_value *value)
{
    __u32 window = (__u32)(bpf_jiffies64() >> burst_shift), passed = window - value->window, behind = 0;

    if (passed) {
        value->window = window;
        value->in_window = 0;
        value->record_pause = passed < value->record_pause ? value->record_pause - passed : 0;
    } else {
        behind = value->in_window;
    }
    value->in_window++;
    /* This is the first drop, or one more than a power of four. */
    if (!(behind & (behind - 1)) && !(behind & 0xaaaaaaaa))
        burst_count(key, behind);
    return !behind;
}

/* Returns the site's value on this CPU, or NULL if there is no room. */
static __noinline struct drop_value *site_add(void *ctx, struct drop_key *key)
{
    static const struct drop_value zero;

    key->location = name_location(ctx, key->location);
    /* Fails if another CPU was faster: then it exists. */
    bpf_map_update_elem(&counts, key, &zero, BPF_NOEXIST);
    return bpf_map_lookup_elem(&counts, key);
}

/* Counts the drop for the packet's owner. Notes in the site's key whether it was counted. */
static __always_inline void count_owner(const struct owner *owner, struct drop_key *key, __u32 place)
{
    enum drop_owner kind = owner->kind;

    if (kind == DROP_OWNER_KNOWN) {
        const struct drop_workload_key workload = {
            .cgroup = owner->cgroup,
            .location = key->location,
            .reason = key->reason,
            .netns = key->netns & DROP_NETNS_KINDS,
            .circumstances =
                (key->circumstances & DROP_KEY_MEANINGS) | epoch_of(DROP_SETTING_EPOCH_WORKLOADS),
        };

        if (!count_workload(&workload, owner->node, place))
            kind = DROP_OWNER_FULL;
    }
    key->circumstances |= (__u16)(kind << DROP_KEY_OWNER_SHIFT);
}

static __always_inline void count_site(unsigned long long *ctx, const struct sk_buff *skb,
                                       const struct owner *owner, struct drop_key *key)
{
    __u64 more_segments = more_segments_of(skb);
    struct drop_value *value;
    bool first;

    key->circumstances |= epoch_of(DROP_SETTING_EPOCH_SITES);
    value = bpf_map_lookup_elem(&counts, key);
    if (!value)
        value = site_add(ctx, key);
    if (!value) {
        bool counted = (key->circumstances & DROP_KEY_OWNERS) == DROP_OWNER_KNOWN << DROP_KEY_OWNER_SHIFT;

        tally(counted ? DROP_TALLY_SITE_OF_OWNER : DROP_TALLY_SITE);
        return;
    }
    __sync_fetch_and_add(&value->skbs, 1);
    if (more_segments)
        __sync_fetch_and_add(&value->more_segments, more_segments);
    first = burst_add(key, value);
    if (first && by_netns && key->netns > DROP_NETNS_KINDS)
        space_name(skb, owner->inode, key);
    if (record_sites && __builtin_expect(!value->record_pause, 0))
        record_drop(ctx, skb, key, owner->cgroup, value);
}

static __always_inline int count(unsigned long long *ctx, struct sk_buff *skb, void *location,
                                 unsigned int reason, enum scratch_place place)
{
    struct owner owner = {};
    struct drop_key key = {
        .location = (__u64)location,
        .reason = reason,
        .protocol = drop_protocol_of(bpf_ntohs(skb->protocol)),
        .circumstances = circumstances_of(skb, reason, may_probe),
    };

    if (key.location == list_location)
        key.location = caller_of(ctx, key.location);
    owner_find(ctx, skb, &owner);
    place_of(skb, &owner, &key);
    count_owner(&owner, &key, place);
    count_site(ctx, skb, &owner, &key);
    return 0;
}

/* The tracepoint has a third argument since Linux 5.17, and a fourth, the socket, since 6.11. */
SEC("tp_btf/kfree_skb")
int BPF_PROG(count_drop, struct sk_buff *skb, void *location, unsigned int reason)
{
    note_add(ctx, skb);
    return count(ctx, skb, location, reason, SCRATCH_DROP);
}

/* Runs after the other program, because it is attached after it. */
SEC("tp_btf/kfree_skb")
int BPF_PROG(count_nested, struct sk_buff *skb, void *location, unsigned int reason)
{
    if (note_take(skb))
        return 0;
    tally(DROP_TALLY_NESTED);
    return count(ctx, skb, location, reason, SCRATCH_NESTED);
}

/* If the kernel does not pass the socket of a drop, this counts by the socket whose receive buffer was full.
 * A separate count, because it need not come together with the drop. */
SEC("tp_btf/udp_fail_queue_rcv_skb")
int BPF_PROG(count_udp, int error, struct sock *sk)
{
    struct owner owner = {};

    if (owner_read(sk, &owner) && owner.kind == DROP_OWNER_KNOWN) {
        const struct drop_workload_key workload = {
            .cgroup = owner.cgroup,
            .netns = owner.netns & DROP_NETNS_KINDS,
            .circumstances = epoch_of(DROP_SETTING_EPOCH_WORKLOADS),
        };

        if (count_workload(&workload, owner.node, SCRATCH_UDP))
            return 0;
    }
    tally(DROP_TALLY_UDP_OWNER);
    return 0;
}

char _license[] SEC("license") = "GPL";
