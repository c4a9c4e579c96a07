/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * How many IPv4 neighbours each link has, from one RTM_GETNEIGH dump: node_exporter's arp. Those count that
 * /proc/net/arp lists (the kernel's net/ipv4/arp.c, arp_seq_start()), but for proxies, which this dump leaves
 * out. The collector's own thread.
 */

#include <linux/netlink.h>

#include "base/fault.h"
#include "base/table/snapshot.h"
#include "collectors/kernel/link_table.h"
#include "collectors/node_names.h"

extern const struct node_names link_arp;

/* All zeros: not wanted. */
struct link_neighbours {
    struct nl_msg *request;
    struct column_set *columns;
    struct link_table *links; /* borrowed */
    uint32_t *counts;         /* by link->row */
    size_t count;
    size_t capacity;
};

/* Returns 0 or -ENOMEM. */
int link_neighbours_open(struct link_neighbours *neighbours, struct link_table *links);
void link_neighbours_close(struct link_neighbours *neighbours);

/* Asks the kernel, and adds the table: a row for each of `rows`, whose numbers the links know. A link without
 * neighbours has no number there. */
int link_neighbours_fill(struct link_neighbours *neighbours, struct row_set *rows, struct snapshot *draft,
                         struct fault *fault);

/* Returns the link of a neighbour that counts, or 0 if it is another message or one that does not count.
 * Pure. */
int link_neighbours_parse(const struct nlmsghdr *message);
