/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Tells whether this process is in the host's own network namespace, the one that the kernel started with. In
 * any other, such as a container's, it sees the interfaces and protocols of that namespace, but the input
 * queues of the CPUs and the rest of /proc are the host's. Needs no privilege.
 */

#include <stdbool.h>
#include <stdint.h>

enum host_network {
    HOST_NETWORK_UNKNOWN,
    HOST_NETWORK_YES,
    HOST_NETWORK_NO,
};

/* What is known about the namespace; 0 if it is not known. */
struct host_network_signs {
    uint64_t cookie; /* SO_NETNS_COOKIE, since Linux 5.14 */
    uint64_t inode;  /* of /proc/self/ns/net */
    /* Which files exist below /proc/sys/net/core. */
    bool has_namespaced; /* a file that every namespace has */
    bool has_global;     /* a file that only the host's namespace has */
};

/* What people are told if it is not the host's: one sentence without a full stop. */
#define HOST_NETWORK_OTHER                                                                                   \
    "not in the host's network namespace: interfaces, protocols and sockets are those of this namespace, "   \
    "the CPUs' input queues (softnet) are the host's"

enum host_network host_network_judge(const struct host_network_signs *signs); /* pure */

/* Judges the namespace of this process. */
enum host_network host_network_find(void);
