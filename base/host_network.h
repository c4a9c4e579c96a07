/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Whether this process is in the host's own network namespace, the one that the kernel began with. In any
 * other (a container's) it sees that namespace's interfaces and protocols, while the CPUs' input queues and
 * whatever the host's /proc shows are the host's. Needs no privilege.
 */

#include <stdbool.h>
#include <stdint.h>

enum host_network {
    HOST_NETWORK_UNKNOWN,
    HOST_NETWORK_YES,
    HOST_NETWORK_NO,
};

/* What is known of the namespace; 0: not known. */
struct host_network_signs {
    uint64_t cookie; /* SO_NETNS_COOKIE, since Linux 5.14 */
    uint64_t inode;  /* of /proc/self/ns/net */
    /* Files below /proc/sys/net/core that are there. */
    bool has_namespaced; /* one that every namespace has */
    bool has_global;     /* one that only the host's has */
};

/* What people are told, as a sentence without its full stop, where it is not the host's. */
#define HOST_NETWORK_OTHER                                                                                   \
    "not in the host's network namespace: interfaces, protocols and sockets are those of this namespace, "   \
    "the CPUs' input queues (softnet) are the host's"

enum host_network host_network_judge(const struct host_network_signs *signs); /* pure */

/* The same of what this process sees. */
enum host_network host_network_find(void);
