/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Network namespaces: which one is the daemon's own, and, if asked for, the numbers of all others, the names
 * of these and of their devices, and who is in them.
 */

#include <stdbool.h>

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "collectors/drops/bpf/drop_key.h"
#include "collectors/drops/bpf/kernel.bpf.h"
#include "collectors/drops/bpf/names.bpf.h"

const volatile __u32 own_netns = 0;   /* the inode number of the daemon's own namespace */
const volatile bool by_netns = false; /* other namespaces have numbers */

/* The names of devices in other namespaces, and the inodes of these namespaces. Those that no longer drop are
 * replaced. */
struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 4096);
    __type(key, struct drop_device_key);
    __type(value, struct drop_device);
} devices SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 1024);
    __type(key, __u32);
    __type(value, struct drop_namespace);
} namespaces SEC(".maps");

static __always_inline __u32 netns_of(const struct net *net)
{
    __u32 inode = net->ns.inum;

    if (inode < NETNS_INODE_MIN)
        return DROP_NETNS_NONE;
    if (inode == own_netns)
        return DROP_NETNS_SELF;
    return by_netns ? (__u32)net->net_cookie << DROP_NETNS_BITS | DROP_NETNS_OTHER : DROP_NETNS_OTHER;
}

/* The names of another namespace and its device may change at any time, so they are stored in each window. */
static __noinline void space_name(const struct sk_buff *skb, __u32 inode, const struct drop_key *key)
{
    struct drop_namespace space = {.inode = inode};
    __u32 netns = key->netns;

    if (key->ifindex) {
        const struct net_device *dev = skb->dev;
        struct drop_device_key at = {.netns = netns, .ifindex = key->ifindex};
        struct drop_device device = {};

        space.inode = dev->nd_net.net->ns.inum;
        bpf_probe_read_kernel_str(device.name, sizeof(device.name), &dev->name);
        bpf_map_update_elem(&devices, &at, &device, BPF_ANY);
    }
    bpf_map_update_elem(&namespaces, &netns, &space, BPF_ANY);
}

/* Tells the control group of each process in another namespace. The daemon runs it (bpf_iter) when it does
 * not know the workload of a namespace. */
SEC("iter/task")
int list_tenants(struct bpf_iter__task *ctx)
{
    struct task_struct *task = ctx->task;
    struct drop_tenant tenant = {};
    struct nsproxy *spaces;
    struct kernfs_node *node;

    if (!task || task->pid != task->tgid)
        return 0;
    spaces = task->nsproxy; /* NULL if the task is ending */
    if (!spaces)
        return 0;
    tenant.netns = netns_of(spaces->net_ns);
    if (tenant.netns <= DROP_NETNS_KINDS)
        return 0;
    node = task->cgroups->dfl_cgrp->kn;
    tenant.cgroup = node->id;
    name_cgroup(tenant.cgroup, (__u64)node, SCRATCH_TENANTS);
    bpf_seq_write(ctx->meta->seq, &tenant, sizeof(tenant));
    return 0;
}
