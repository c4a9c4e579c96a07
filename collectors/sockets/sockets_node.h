/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What node_exporter's sockstat and udp_queues have and we don't: how many sockets there are and the memory
 * they hold, of /proc/self/net/sockstat and sockstat6, and what waits in UDP sockets, of all of them. The
 * collector's own thread.
 */

#include "collectors/collector.h"
#include "collectors/kernel/netlink.h"
#include "collectors/kernel/procfile.h"

extern const struct node_names *const sockets_node[];

enum { SOCKETS_NODE_FILES = 2, SOCKETS_NODE_QUEUES = 4 };

/* All zeros: not wanted. */
struct sockets_node {
    struct limits *limits; /* borrowed */
    struct procfile files[SOCKETS_NODE_FILES];
    struct column_set *sockstat;
    struct nl_msg *question; /* for UDP sockets of any kind */
    struct column_set *queues;
    struct row_set *queue_rows;
    uint64_t lengths[SOCKETS_NODE_QUEUES]; /* of the dump going on: tx, rx of IPv4, of IPv6 */
    unsigned family;                       /* 0 for IPv4, 1 for IPv6 */
};

/* Returns 0 or -ENOMEM. */
int sockets_node_open(struct sockets_node *node, const struct collector_context *context);
void sockets_node_close(struct sockets_node *node);

/* Adds the tables, in a row of `single` and in rows of its own. `netlink` asks sock_diag; NULL if it has no
 * UDP. What of the files cannot be read is left out, and told (fault_note()). */
int sockets_node_fill(struct sockets_node *node, struct netlink *netlink, struct row_set *single,
                      struct snapshot *draft, struct fault *fault);
