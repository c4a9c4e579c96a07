/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/link/link_owners.h"

/* Finds the workload at the other end of a veth or macvlan. The link collector's thread. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "collectors/kernel/cgroup_path_parse.h"
#include "collectors/link/link_rows.h"

#define PAUSE_FIRST_NS NS_PER_SECOND
#define PAUSE_MAX_NS   (60 * NS_PER_SECOND)
#define REFRESH_NS     (600 * NS_PER_SECOND)

static const char *const labels[] = {"device", "unit", "container_id", "pod_uid", "netns"};

int link_owners_init(struct link_owners *owners, struct netlink *netlink, const char *procfs,
                     struct limits *limits)
{
    *owners = (struct link_owners){.limits = limits, .mount = cgroup_tree_mount()};
    if (procfile_init(&owners->mounts, procfs, "self/mountinfo") < 0)
        return -ENOMEM;
    return netns_asker_init(&owners->asker, netlink);
}

void link_owners_done(struct link_owners *owners)
{
    netns_asker_done(&owners->asker);
    procfile_done(&owners->mounts);
    row_set_unref(owners->rows);
    free(owners->items);
    *owners = (struct link_owners){};
}

static struct link_namespace *find(const struct link_owners *owners, int id)
{
    size_t position = array_position(owners->items, owners->count, .id, id);

    return position < owners->count && owners->items[position].id == id ? &owners->items[position] : NULL;
}

/* Returns true for kinds whose other end is in somebody else's hands. The other end of a tunnel only receives
 * the packets. */
static bool leads_elsewhere(const struct link *link)
{
    static const char *const kinds[] = {"veth", "netkit", "macvlan", "macvtap", "ipvlan", "ipvtap"};

    if (link->netns_id < 0 || link->row == LINK_NO_ROW)
        return false;
    for (size_t i = 0; i < ELEMENTS(kinds); i++)
        if (strcmp(link->kind, kinds[i]) == 0)
            return true;
    return false;
}

/* Adds the link's namespace to a new list, with what is known of it. For a new link nothing is known, since
 * the number may have belonged to another namespace. Returns -ENOSPC if there are too many. */
static int place(struct link_owners *fresh, const struct link_owners *owners, const struct link *link)
{
    const struct link_namespace *known = link->owner_asked ? find(owners, link->netns_id) : NULL;
    size_t position = array_position(fresh->items, fresh->count, .id, link->netns_id);
    struct link_namespace *item = find(fresh, link->netns_id);

    if (item && link->owner_asked)
        return 0;
    if (!item && fresh->count == LINK_NAMESPACES_MAX)
        return -ENOSPC;
    if (!item && array_grow(fresh->items, fresh->count, fresh->capacity) < 0)
        return -ENOMEM;
    if (!item) {
        item = &fresh->items[position];
        memmove(item + 1, item, (fresh->count++ - position) * sizeof(*item));
    }
    *item = known ? *known : (struct link_namespace){.id = link->netns_id, .wanted = true};
    return 0;
}

static int list_all(struct link_owners *fresh, const struct link_owners *owners,
                    const struct link_table *links)
{
    for (size_t i = 0; i < links->count; i++) {
        int error = leads_elsewhere(links->items[i]) ? place(fresh, owners, links->items[i]) : 0;

        if (error == -ENOMEM)
            return error;
        if (error < 0)
            limit_hit(owners->limits, LIMIT_WORKLOADS);
    }
    return 0;
}

/* Lists the namespaces, and starts the search for new ones at once. */
static int list(struct link_owners *owners, const struct link_table *links, uint64_t now_ns)
{
    struct link_owners fresh = {};

    if (list_all(&fresh, owners, links) < 0) {
        free(fresh.items);
        return -ENOMEM;
    }
    for (size_t i = 0; i < links->count; i++) {
        if (!leads_elsewhere(links->items[i]) || links->items[i]->owner_asked)
            continue;
        links->items[i]->owner_asked = true;
        owners->pause_ns = PAUSE_FIRST_NS;
        owners->next_ns = now_ns;
    }
    free(owners->items);
    owners->items = fresh.items;
    owners->count = fresh.count;
    owners->capacity = fresh.capacity;
    owners->wanted = false;
    for (size_t i = 0; i < owners->count; i++)
        owners->wanted |= owners->items[i].wanted;
    return 0;
}

static void consider(struct link_owners *owners, uint32_t pid, const struct cgroup *cgroup)
{
    int id = netns_id_of_pid(&owners->asker, pid);
    struct link_namespace *item = id < 0 ? NULL : find(owners, id);
    struct workload workload;

    if (!item || !item->wanted)
        return;
    cgroup_path_parse(cgroup->path, cgroup->path_size, &workload);
    if (!workload_claims(&item->claim, &workload, cgroup->id))
        return;
    workload_share(&workload);
    item->workload = workload;
}

static int look_at_cgroup(const struct cgroup *cgroup, void *data)
{
    struct link_owners *owners = data;
    char path[CGROUP_PATH_MAX + 32], bytes[4096];
    struct pid_reader reader = {};
    _cleanup_(closep) int fd = -1;
    ssize_t size;

    (void)snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup->below);
    fd = openat(cgroup->tree, path, O_RDONLY | O_CLOEXEC);
    /* A threaded cgroup refuses reads (EOPNOTSUPP), and a removed one has no processes. */
    while (fd >= 0 && (size = TEMP_FAILURE_RETRY(read(fd, bytes, sizeof(bytes)))) > 0) {
        const char *at = bytes;
        uint32_t pid;

        while ((pid = pid_next(&reader, &at, bytes + size)))
            consider(owners, pid, cgroup);
    }
    return 0;
}

/* An open descriptor keeps the namespace alive: it is closed at once. */
static void look_at_mount(struct link_owners *owners, const struct netns_mount *mount)
{
    _cleanup_(closep) int fd = open(mount->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    int id = fd < 0 ? -1 : netns_id_of_fd(&owners->asker, fd);
    struct link_namespace *item = id < 0 ? NULL : find(owners, id);

    if (item && item->wanted)
        strcpy(item->name, mount->name);
}

static void look_at_mounts(struct link_owners *owners)
{
    struct netns_mount mount;
    const char *at;

    if (procfile_read(&owners->mounts, NULL) < 0)
        return;
    at = owners->mounts.data;
    while (netns_mount_next(&at, owners->mounts.data + owners->mounts.size, &mount))
        look_at_mount(owners, &mount);
}

static void look(struct link_owners *owners, uint64_t now_ns)
{
    for (size_t i = 0; i < owners->count; i++)
        if (owners->items[i].wanted)
            owners->items[i] = (struct link_namespace){.id = owners->items[i].id, .wanted = true};
    look_at_mounts(owners);
    if (owners->mount)
        (void)cgroup_tree_walk(owners->mount, owners->limits, look_at_cgroup, owners);
    owners->wanted = false;
    for (size_t i = 0; i < owners->count; i++)
        owners->wanted |= owners->items[i].wanted = !owners->items[i].claim.known;
    if (!owners->refresh_ns)
        owners->refresh_ns = now_ns + REFRESH_NS;
    owners->next_ns = now_ns + owners->pause_ns;
    owners->pause_ns = owners->pause_ns < PAUSE_MAX_NS / 2 ? owners->pause_ns * 2 : PAUSE_MAX_NS;
}

static int add_row(const struct link_owners *owners, struct row_set *rows, const struct link *link)
{
    const struct link_namespace *item = leads_elsewhere(link) ? find(owners, link->netns_id) : NULL;
    int error;

    if (!item || (!item->claim.known && !item->name[0]))
        return 0;
    error = row_set_add(rows,
                        (const char *const[]){link->device, item->workload.unit, item->workload.container_id,
                                              item->workload.pod_uid, item->name});
    return error == -EEXIST ? 0 : error;
}

static int make_rows(struct link_owners *owners, const struct link_table *links)
{
    _cleanup_(row_set_unrefp) struct row_set *rows = NULL;
    int error = row_set_new(labels, ELEMENTS(labels), &rows);

    for (size_t i = 0; i < links->count && error >= 0; i++)
        error = add_row(owners, rows, links->items[i]);
    if (error < 0)
        return error;
    row_set_replace(&owners->rows, take_ptr(rows));
    owners->generation = links->generation;
    return 0;
}

int link_owners_update(struct link_owners *owners, const struct link_table *links, uint64_t now_ns)
{
    bool same = owners->generation == links->generation;

    if (same && owners->count && now_ns >= owners->refresh_ns) {
        owners->refresh_ns = now_ns + REFRESH_NS;
        owners->next_ns = now_ns;
        owners->wanted = true;
        for (size_t i = 0; i < owners->count; i++)
            owners->items[i].wanted = true;
    }
    if (!same && list(owners, links, now_ns) < 0)
        return -ENOMEM;
    if (owners->wanted && now_ns >= owners->next_ns) {
        look(owners, now_ns);
        same = false;
    }
    return same ? 0 : make_rows(owners, links);
}
