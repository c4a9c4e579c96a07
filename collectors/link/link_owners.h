/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Finds the owner of the other end of veths, macvlans and other links that lead into another network
 * namespace: the workload whose processes are inside, and the name in `ip netns`. Needs no privilege, and
 * keeps no namespace alive. The collector's own thread.
 *
 * Processes are searched, all of them by control group, only if a link is new or leads elsewhere than before.
 * A namespace is often made before a process is inside, so those without one are checked again after one
 * second, two, four and so on up to a minute; and all of them every ten minutes, because their processes may
 * change.
 */

#include <stddef.h>
#include <stdint.h>

#include "collectors/kernel/cgroup_tree.h"
#include "collectors/kernel/link_table.h"
#include "collectors/kernel/netns_id.h"
#include "collectors/kernel/netns_parse.h"
#include "collectors/kernel/procfile.h"
#include "collectors/kernel/workload.h"

enum { LINK_NAMESPACES_MAX = 4096 };

struct link_namespace {
    int id;                      /* as links have it */
    bool wanted;                 /* to be looked for */
    struct workload_claim claim; /* of the workload */
    struct workload workload;
    char name[NETNS_NAME_SIZE]; /* "" if none */
};

struct link_owners {
    struct link_namespace *items; /* ascending by id */
    size_t count;
    size_t capacity;
    struct row_set *rows;
    uint64_t generation; /* of the links; 0 if none yet */
    bool wanted;         /* some are */
    uint64_t next_ns;    /* when to look for those */
    uint64_t pause_ns;   /* and how long to wait then */
    uint64_t refresh_ns; /* when to look for all */
    struct netns_asker asker;
    const char *mount; /* of cgroups; NULL if none */
    struct procfile mounts;
    struct limits *limits; /* borrowed */
};

/* Borrows the netlink socket, the path and the limits. Returns 0 or -ENOMEM. */
int link_owners_init(struct link_owners *owners, struct netlink *netlink, const char *procfs,
                     struct limits *limits);
void link_owners_done(struct link_owners *owners); /* accepts a zeroed struct */

/* Brings `rows` up to date: one for each link that has a row (link_rows.h), leads elsewhere, and whose owner
 * has anything to be named by. The time is of CLOCK_BOOTTIME. Returns 0, or -ENOMEM, and then changes nothing
 * and tries again at the next call. */
int link_owners_update(struct link_owners *owners, const struct link_table *links, uint64_t now_ns);
