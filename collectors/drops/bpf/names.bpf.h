/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The names of what drops are counted by, stored in maps when a key is new: functions as the kernel prints
 * them, control groups as paths. So the daemon needs no symbol table and no file system, and also gets the
 * name of a control group that is gone by then. A known key needs none of this.
 */

#include <stdbool.h>

#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "collectors/drops/bpf/drop_key.h"
#include "collectors/drops/bpf/kernel.bpf.h"

enum {
    STACK_DEPTH = 12,   /* the first few are the tracepoint's own frames */
    CGROUP_LEVELS = 12, /* of a control group, from itself upwards */
    CGROUP_NAME_SIZE = 128,
};

/* The names of locations. If one is missing, because the map is full or the kernel was busy, /proc/kallsyms
 * may help. */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 1024); /* the kernel drops in a few hundred places */
    __type(key, __u64);
    __type(value, struct drop_symbol);
} symbols SEC(".maps");

/* The paths of control groups that have a row in the map of workloads. */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 4096);
    __type(key, __u64);
    __type(value, struct drop_cgroup);
} cgroups SEC(".maps");

/* One for each program, because a program may interrupt another. */
enum scratch_place { SCRATCH_DROP, SCRATCH_UDP, SCRATCH_TENANTS, SCRATCH_NESTED, SCRATCH_PLACES };

/* Paths are put together here, because they are too large for the stack. */
struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, SCRATCH_PLACES);
    __type(key, __u32);
    __type(value, struct drop_cgroup);
} scratch SEC(".maps");

/* The location in kfree_skb_list_reason() of Linux 6.1, which drops for its callers. 0 if not seen yet, or on
 * newer kernels, which pass the caller's location. */
__u64 list_location = 0;

static const char list_function[] = "kfree_skb_list_reason+";
static const char symbol_format[] = "%pS";

/* Returns the caller of the function at the location, or the location itself if it is not on the stack. */
static __u64 caller_of(void *ctx, __u64 location)
{
    __u64 stack[STACK_DEPTH] = {};

    bpf_get_stack(ctx, stack, sizeof(stack), 0);
    for (unsigned i = 0; i + 1 < STACK_DEPTH; i++)
        if (stack[i] == location && stack[i + 1])
            return stack[i + 1];
    return location;
}

/* Returns false if the kernel does not name it. */
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

/* Names a new location. Returns the location to count: this one, or its caller's. */
static __noinline __u64 name_location(void *ctx, __u64 location)
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

static __u64 parent_of(__u64 node)
{
    if (bpf_core_field_exists(struct kernfs_node, parent))
        return (__u64)BPF_CORE_READ((const struct kernfs_node *)node, parent);
    return (__u64)BPF_CORE_READ((const struct kernfs_node___renamed *)node, __parent);
}

/* Writes the names of the nodes into the path, from the last node to the first, beginning at `end`. */
static __always_inline void path_write(struct drop_cgroup *cgroup, __u32 end, const __u64 *nodes)
{
#pragma unroll
    for (int i = CGROUP_LEVELS - 1; i >= 0; i--) {
        long size;

        if (!nodes[i])
            continue;
        if (end >= DROP_CGROUP_PATH_SIZE - CGROUP_NAME_SIZE - 1)
            break;
        size = bpf_probe_read_kernel_str(cgroup->path + end + 1, CGROUP_NAME_SIZE,
                                         BPF_CORE_READ((const struct kernfs_node *)nodes[i], name));
        if (size <= 0 || size > CGROUP_NAME_SIZE)
            break;
        cgroup->path[end] = '/';
        end += (__u32)size; /* the next name overwrites its NUL */
    }
}

/* Stores the path of a new control group, from the names of its node and of the nodes above. The root has no
 * name, and nothing above it. */
static __noinline void name_cgroup(__u64 id, __u64 node, __u32 place)
{
    __u64 nodes[CGROUP_LEVELS] = {};
    struct drop_cgroup *cgroup;

    if (bpf_map_lookup_elem(&cgroups, &id))
        return;
    cgroup = bpf_map_lookup_elem(&scratch, &place);
    if (!cgroup)
        return;
#pragma unroll
    for (unsigned i = 0; i < CGROUP_LEVELS; i++) {
        __u64 parent = node ? parent_of(node) : 0;

        nodes[i] = parent ? node : 0;
        node = parent;
    }
    __builtin_memcpy(cgroup->path, "...", sizeof("..."));
    if (node) { /* there are more levels above */
        path_write(cgroup, sizeof("...") - 1, nodes);
    } else {
        cgroup->path[0] = '\0';
        path_write(cgroup, 0, nodes);
    }
    bpf_map_update_elem(&cgroups, &id, cgroup, BPF_ANY);
}
