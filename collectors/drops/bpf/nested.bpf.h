/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Counts drops in an interrupt that came while the program ran. On a CPU that already runs a BPF program, the
 * kernel does not run it again, but only counts that it did not (bpf_prog_info.recursion_misses;
 * __bpf_trace_run(), kernel/trace/bpf_trace.c). So there are two programs, which the kernel calls one after
 * the other for each drop. The first notes the packet, the second looks for the note. If there is none, the
 * first did not run, and the second counts instead. Drops that neither sees are lost, and known by the
 * difference: an interrupt must interrupt the second program while that counts in an interrupt itself.
 */

#include <stdbool.h>

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "collectors/drops/bpf/kernel.bpf.h"

enum { NOTES = 8 };

/* Says that the first program has seen a packet, and the second has not yet. */
struct note {
    __u64 packet; /* its address; 0 if there is no note */
    __u64 depth;  /* of the stack: the address of the program's arguments */
};

/* Each CPU has its own notes. In between, only what interrupts the programs may change them. */
struct notes {
    struct note note[NOTES];
    __u32 hand; /* the note to replace next */
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

/* An interrupt during the second program leaves the notes of its drops behind. A note of the same depth is
 * always such a leftover, so a few places are enough. */
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

/* Returns false if the first program has not seen the packet. */
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
