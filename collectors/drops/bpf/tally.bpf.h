/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Counts that belong to no site: enum drop_tally. */

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "collectors/drops/bpf/drop_key.h"

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, DROP_TALLY_COUNT);
    __type(key, __u32);
    __type(value, __u64);
} tallies SEC(".maps");

static void tally(__u32 what)
{
    __u64 *count = bpf_map_lookup_elem(&tallies, &what);

    if (count)
        __sync_fetch_and_add(count, 1);
}
