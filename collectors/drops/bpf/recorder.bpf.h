/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The flight recorder: which dropped packets are kept, and what of them. Each site has its own pace: the
 * first few packets at once, then a few at once and one per quarter of a second. For drops in between, the
 * cost is one comparison of a cached number: beside its count, each CPU keeps for how many windows nothing
 * may be recorded.
 */

#include <stdbool.h>

#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "collectors/drops/bpf/drop_key.h"
#include "collectors/drops/bpf/drop_record.h"
#include "collectors/drops/bpf/kernel.bpf.h"
#include "collectors/drops/bpf/spaces.bpf.h"
#include "collectors/drops/bpf/tally.bpf.h"

enum {
    RECORD_PAUSE_MAX = 2 * DROP_RECORDS_PACE,
    SITE_CANDIDATES = 16, /* so many sites are compared to find the one that is idle longest */

    MAC_HEADER_NONE = 0xffff,
    MAC_HEADER_SIZE = 14,
    DEVICE_ETHERNET = 1, /* ARPHRD_ETHER, ARPHRD_LOOPBACK */
    DEVICE_LOOPBACK = 772,
};

_Static_assert(RECORD_PAUSE_MAX < 1 << 8, "it fits into record_pause of struct drop_value");

const volatile __u32 record_sites = 0; /* 0 if nothing is recorded */
const volatile bool record_stacks = false;

/* The place of a key. Twice as many entries as places, so that a key that could not be removed does no
 * harm. */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 2048);
    __type(key, struct drop_recorder_key);
    __type(value, __u32);
} record_places SEC(".maps");

/* An array that the daemon maps. Its size is set before it is made. */
#define MAPPED_ARRAY(type_of_entry)                                                                          \
    struct {                                                                                                 \
        __uint(type, BPF_MAP_TYPE_ARRAY);                                                                    \
        __uint(map_flags, BPF_F_MMAPABLE);                                                                   \
        __uint(max_entries, 1);                                                                              \
        __type(key, __u32);                                                                                  \
        __type(value, type_of_entry);                                                                        \
    }

MAPPED_ARRAY(struct drop_recorder_site) record_site SEC(".maps");
MAPPED_ARRAY(struct drop_record) records SEC(".maps"); /* DROP_RECORDS_PER_SITE for each site */
MAPPED_ARRAY(struct drop_record_stack) stacks SEC(".maps");

__u64 record_sequence = 0;
__u32 record_places_used = 0;
__u32 record_hand = 0; /* where the search for a replaceable site begins */

/* This CPU does not ask again for so many windows whether a drop may be recorded. What an interrupt sets in
 * between may get lost, after which the CPU only asks once more. */
static __always_inline void record_pause(struct drop_value *value, __u32 windows)
{
    value->record_pause = windows < RECORD_PAUSE_MAX ? windows : RECORD_PAUSE_MAX;
}

/* Finds a place for one more site: one that was never used, or that of the site that has been idle longest
 * among a few. Returns `record_sites` if there is none. The hand moves by one, so that while sites come and
 * go it stays among those that are there longest; if all of these drop, it moves past them. */
static __always_inline __u32 place_find(__u32 window)
{
    __u32 best = record_sites, best_idle = DROP_RECORDS_IDLE, hand;

    if (record_places_used < record_sites) {
        hand = __sync_fetch_and_add(&record_places_used, 1);
        if (hand < record_sites) {
            tally(DROP_TALLY_RECORD_SITES);
            return hand;
        }
    }
    hand = __sync_fetch_and_add(&record_hand, 1);
    for (__u32 i = 0; i < SITE_CANDIDATES; i++) {
        __u32 place = (hand + i) % record_sites;
        const struct drop_recorder_site *site = bpf_map_lookup_elem(&record_site, &place);

        if (!site || window - site->seen < best_idle)
            continue;
        best_idle = window - site->seen;
        best = place;
    }
    if (best == record_sites)
        __sync_fetch_and_add(&record_hand, SITE_CANDIDATES - 1);
    return best;
}

static __always_inline bool key_equal(const struct drop_recorder_key *a, const struct drop_recorder_key *b)
{
    return a->location == b->location && a->reason == b->reason && a->netns == b->netns &&
           a->ifindex == b->ifindex && a->circumstances == b->circumstances;
}

/* Returns the device, or NULL if something else is in its place (UDP, TCP). */
static __always_inline const struct net_device *device_of(const struct sk_buff *skb)
{
    const struct net_device *dev = skb->dev;

    return dev && netns_of(dev->nd_net.net) != DROP_NETNS_NONE ? dev : NULL;
}

/* Gives a place to the key. Returns false if there is none, or if another CPU was faster. */
static __noinline bool place_give(const struct sk_buff *skb, const struct drop_recorder_key *key,
                                  __u32 window)
{
    __u32 place = place_find(window), generation;
    struct drop_recorder_site *site = bpf_map_lookup_elem(&record_site, &place);
    const struct net_device *dev = device_of(skb);

    if (!site)
        return false;
    generation = site->generation;
    if (generation & 1 ||
        __sync_val_compare_and_swap(&site->generation, generation, generation + 1) != generation)
        return false;
    bpf_map_delete_elem(&record_places, &site->key);
    site->key = *key;
    if (bpf_map_update_elem(&record_places, key, &place, BPF_NOEXIST) < 0)
        site->key.location = 0;
    site->taken = 0;
    site->seen = site->due = window;
    site->device[0] = '\0';
    if (key->ifindex && dev)
        bpf_probe_read_kernel_str(site->device, sizeof(site->device), dev->name);
    __sync_lock_test_and_set(&site->generation, generation + 2);
    return site->key.location != 0;
}

/* Returns the place of the key, or `record_sites` if there is none. */
static __always_inline __u32 place_of_key(const struct sk_buff *skb, const struct drop_recorder_key *key,
                                          __u32 window)
{
    const __u32 *place = bpf_map_lookup_elem(&record_places, key);

    if (!place && place_give(skb, key, window))
        place = bpf_map_lookup_elem(&record_places, key);
    return place ? *place : record_sites;
}

/* Returns the slot of the site's next record. Returns false if none is due, and notes until when. Two CPUs at
 * the same moment may both get a slot. */
static __always_inline bool pace_take(struct drop_recorder_site *site, struct drop_value *value,
                                      __u32 *ret_slot)
{
    __s32 ahead = (__s32)(site->due - value->window);
    __u32 taken;

    if (ahead < 0)
        ahead = 0;
    site->seen = value->window;
    if (site->taken >= DROP_RECORDS_FIRST) {
        if (ahead > (DROP_RECORDS_RING - 1) * DROP_RECORDS_PACE) {
            record_pause(value, (__u32)ahead - (DROP_RECORDS_RING - 1) * DROP_RECORDS_PACE);
            return false;
        }
        site->due = value->window + (__u32)ahead + DROP_RECORDS_PACE;
    }
    taken = __sync_fetch_and_add(&site->taken, 1);
    *ret_slot = taken < DROP_RECORDS_FIRST ? taken : DROP_RECORDS_FIRST + taken % DROP_RECORDS_RING;
    return true;
}

/* Returns where the headers begin, relative to skb->head: the Ethernet header if there is one, else the
 * network header. An offset that was never set is 0. */
static __always_inline __u32 headers_begin(const struct sk_buff *skb, const struct net_device *dev,
                                           struct drop_record *record)
{
    __u32 link = skb->mac_header, network = skb->network_header, data = (__u32)(skb->data - skb->head);

    record->link = DROP_RECORD_RAW;
    if (!network)
        return data;
    if (link == MAC_HEADER_NONE || link + MAC_HEADER_SIZE > network || !dev ||
        (dev->type != DEVICE_ETHERNET && dev->type != DEVICE_LOOPBACK))
        return network;
    record->link = DROP_RECORD_ETHERNET;
    return link;
}

/* Records the first bytes of the packet, as far as they are in its linear part. A message outside the network
 * (AF_UNIX) has only content. */
static __always_inline void record_data(const struct sk_buff *skb, const struct net_device *dev,
                                        struct drop_record *record)
{
    __u32 begin = headers_begin(skb, dev, record), data = (__u32)(skb->data - skb->head);
    __u32 end = skb->tail, size = end > begin ? end - begin : 0;

    record->length = skb->len + data - begin;
    record->size = 0;
    asm volatile("" : "+r"(size));
    if (size > DROP_RECORD_DATA_SIZE)
        size = DROP_RECORD_DATA_SIZE;
    if (record->protocol && bpf_probe_read_kernel(record->data, size, skb->head + begin) == 0)
        record->size = (__u8)size;
}

/* Records the VLAN tag that stands beside the packet: most devices and the kernel keep it there. */
static __always_inline void record_vlan(const struct sk_buff *skb, struct drop_record *record)
{
    const struct sk_buff___flagged *flagged = (const void *)skb;
    bool tagged = true;

    if (bpf_core_field_exists(flagged->vlan_present))
        tagged = BPF_CORE_READ_BITFIELD(flagged, vlan_present);
    record->vlan_protocol = tagged ? bpf_ntohs(skb->vlan_proto) : 0;
    record->vlan_tag = skb->vlan_tci;
}

static __always_inline void record_write(void *ctx, const struct sk_buff *skb, __u64 cgroup, __u32 generation,
                                         __u32 place)
{
    struct drop_record *record = bpf_map_lookup_elem(&records, &place);
    const struct net_device *dev = device_of(skb);
    __u32 lock;

    if (!record)
        return;
    lock = record->lock;
    if (lock & 1 || __sync_val_compare_and_swap(&record->lock, lock, lock + 1) != lock)
        return;
    record->generation = generation;
    record->sequence = __sync_fetch_and_add(&record_sequence, 1) + 1;
    record->time_ns = bpf_ktime_get_boot_ns();
    record->cgroup = cgroup;
    record->protocol = bpf_ntohs(skb->protocol);
    record->device[0] = '\0';
    if (dev)
        bpf_probe_read_kernel_str(record->device, sizeof(record->device), dev->name);
    record_data(skb, dev, record);
    record_vlan(skb, record);
    if (record_stacks) {
        struct drop_record_stack *stack = bpf_map_lookup_elem(&stacks, &place);

        if (stack)
            bpf_get_stack(ctx, stack->addresses, sizeof(stack->addresses), 0);
    }
    __sync_lock_test_and_set(&record->lock, lock + 2);
    tally(DROP_TALLY_RECORDED);
}

/* Records a drop, if its site has or gets a place and a record is due. */
static __noinline void record_drop(void *ctx, const struct sk_buff *skb, const struct drop_key *key,
                                   __u64 cgroup, struct drop_value *value)
{
    const struct drop_recorder_key wanted = {
        .location = key->location,
        .reason = key->reason,
        .netns = key->netns,
        .ifindex = key->ifindex,
        .circumstances = key->circumstances & DROP_KEY_MEANINGS,
    };
    __u32 place = place_of_key(skb, &wanted, value->window), generation, slot;
    struct drop_recorder_site *site = bpf_map_lookup_elem(&record_site, &place);

    if (!site) {
        record_pause(value, DROP_RECORDS_PACE);
        tally(DROP_TALLY_UNRECORDED);
        return;
    }
    generation = *(volatile __u32 *)&site->generation;
    if (generation & 1)
        return;
    if (!key_equal(&site->key, &wanted)) { /* its place was given away, and the map still names it */
        bpf_map_delete_elem(&record_places, &wanted);
        return;
    }
    if (pace_take(site, value, &slot))
        record_write(ctx, skb, cgroup, generation, place * DROP_RECORDS_PER_SITE + slot);
}
