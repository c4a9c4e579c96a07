/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Finds the number by which our network namespace knows another one (IFLA_LINK_NETNSID): by a process inside,
 * which needs no privilege, or by a descriptor. A namespace has a number only if a device of ours leads
 * there, such as a veth. One thread.
 */

#include <stdint.h>

#include "collectors/kernel/netlink.h"

/* Requests, made once. Zeroed: none. */
struct netns_asker {
    struct netlink *netlink; /* NETLINK_ROUTE, borrowed */
    struct nl_msg *by_pid;
    struct nl_msg *by_fd;
};

int netns_asker_init(struct netns_asker *asker, struct netlink *netlink); /* Returns 0 or -ENOMEM. */
void netns_asker_done(struct netns_asker *asker);

/* Return the number, or -1 if the namespace has none, or if there is no such process or namespace. */
int netns_id_of_pid(struct netns_asker *asker, uint32_t pid);
int netns_id_of_fd(struct netns_asker *asker, int fd);

/* Returns the number in an answer, or -1 if there is none. Pure. */
int netns_id_parse(const struct nlmsghdr *message);
