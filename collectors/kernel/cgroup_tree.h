/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Lists the control groups with the kernel's number of each: the inode number of its directory, which anybody
 * may list, even through a read-only mount (sandboxes of systemd). A walk costs 4 us for each control group,
 * so it is only for when something must be found, not for each collection. One thread.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"

enum {
    CGROUPS_MAX = 16 * 1024, /* that one walk looks at */
    CGROUP_PATH_MAX = 1024,  /* bytes of a path; what is deeper is not looked at */
};

struct cgroup {
    uint64_t id;      /* as sockets have it (INET_DIAG_CGROUP_ID) and BPF */
    const char *path; /* "/system.slice/x.service"; "x.service" where the top of the tree is not shown */
    size_t path_size;
    int tree;          /* a descriptor of the tree's top ... */
    const char *below; /* ... and the path from there, "." at the top itself */
};

/* Returns where the unified hierarchy (v2) is mounted, as a text of static storage, or NULL if no place is
 * known. */
const char *cgroup_tree_mount(void);

/*
 * Calls `each` for every cgroup below the mount, the nearest to the top first, until it returns something
 * else than 0, and returns that. Returns 0 if all were told of, -ENOSPC if there are more than CGROUPS_MAX,
 * which LIMIT_CGROUPS counts, -ENOMEM, or another negative errno if the top cannot be opened. Cgroups that
 * come or go meanwhile may be left out.
 */
int cgroup_tree_walk(const char *mount, struct limits *limits,
                     int (*each)(const struct cgroup *cgroup, void *data), void *data);
