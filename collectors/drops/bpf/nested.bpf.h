/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Drops in an interrupt that came while the program ran. The kernel does not run a BPF program on a CPU on
 * which it runs already, but only counts that it did not (bpf_prog_info.recursion_misses; __bpf_trace_run(),
 * kernel/trace/bpf_trace.c). So there are two programs, of which it calls one after the other for each drop.
 * The first notes the packet, the second looks for the note: where there is none, the first did not run, and
 * the second counts in its stead. What neither saw is lost, and is known by the difference: an interrupt
 * must interrupt the second program while that itself counts in an interrupt.
 */

#include <stdbool.h>

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "collectors/drops/bpf/kernel.bpf.h"

enum { NOTES = 8 };

/* That the first program has met a packet and the second has not, yet. */
struct note {
    __u64 packet; /* its address; 0 if there is no note */
    __u64 depth;  /* of the stack: where the program's arguments were */
};

/* A CPU has notes of its own, which only what interrupts the programs may change in between. */
struct notes {
    struct note note[NOTES];
    __u32 hand; /* the one that gives way next */
};

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct notes);
} notes SEC(".maps");

static __always_inline struct notes *notes_here(void)
{
    __u32 first = 0;

    return bpf_map_lookup_elem(&notes, &first);
}

/* An interrupt that comes while the second program runs leaves the notes of its drops behind. A note of the
 * same depth is always such a one, so that few places are enough. */
static __always_inline struct note *note_find(struct notes *all, __u64 depth)
{
    for (unsigned i = 0; i < NOTES; i++)
        if (all->note[i].depth == depth)
            return &all->note[i];
    for (unsigned i = 0; i < NOTES; i++)
        if (!all->note[i].packet)
            return &all->note[i];
    return &all->note[all->hand++ % NOTES];
}

static __always_inline void note_add(const void *ctx, const struct sk_buff *skb)
{
    struct notes *all = notes_here();
    struct note *note;

    if (!all)
        return;
    note = note_find(all, (__u64)ctx);
    note->depth = (__u64)ctx;
    note->packet = (__u64)skb;
}

/* False: the first program has not met the packet. */
static __always_inline bool note_take(const struct sk_buff *skb)
{
    struct notes *all = notes_here();

    if (!all)
        return true;
    for (unsigned i = 0; i < NOTES; i++)
        if (all->note[i].packet == (__u64)skb) {
            all->note[i].packet = 0;
            return true;
        }
    return false;
}
