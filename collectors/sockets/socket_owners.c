/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/sockets/socket_owners.h"

/* Finds the workload of a socket by the number of its control group. The collector's thread. */

#include <errno.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/clock.h"
#include "collectors/kernel/cgroup_path_parse.h"
#include "collectors/kernel/cgroup_tree.h"

/* The pause after a walk that did not see everything. */
#define RETRY_NS (60 * NS_PER_SECOND)

int socket_owners_init(struct socket_owners *owners, const char *mount, struct limits *limits)
{
    *owners = (struct socket_owners){.mount = mount, .limits = limits};
    return workload_table_init(&owners->workloads, CGROUPS_MAX, limits);
}

void socket_owners_done(struct socket_owners *owners)
{
    workload_table_done(&owners->workloads);
    hash_index_done(&owners->index);
    free(owners->known);
    free(owners->waiting);
    *owners = (struct socket_owners){};
}

static uint64_t id_hash(uint64_t id)
{
    return hash_word(HASH_EMPTY, id);
}

static struct known_cgroup *find_id(struct socket_owners *owners, uint64_t id)
{
    size_t found = hash_index_find(&owners->index, id_hash(id), item, owners->known[item].id == id);

    return found == HASH_NONE ? NULL : &owners->known[found];
}

/* Forgets cgroups that had no socket in the last look, and those that were not found. */
static void forget(struct socket_owners *owners)
{
    size_t kept = 0;

    hash_index_clear(&owners->index);
    for (size_t i = 0; i < owners->count; i++) {
        if (owners->known[i].round != owners->round || owners->known[i].wanted)
            continue;
        (void)hash_index_add(&owners->index, id_hash(owners->known[i].id),
                             kept); /* cannot fail: room is reserved */
        owners->known[kept++] = owners->known[i];
    }
    owners->count = kept;
    owners->wanted = 0;
}

void socket_owners_begin(struct socket_owners *owners)
{
    if (owners->count == CGROUPS_MAX || owners->wanted)
        forget(owners);
    owners->round++;
    owners->waiting_count = 0;
}

/* Starts the search for a cgroup. Returns false if there is no room, no memory, or no mounted tree. */
static bool want(struct socket_owners *owners, uint64_t id)
{
    if (owners->count == CGROUPS_MAX) {
        limit_hit(owners->limits, LIMIT_CGROUPS);
        return false;
    }
    if (!owners->mount || array_grow(owners->known, owners->count, owners->capacity) < 0 ||
        hash_index_add(&owners->index, id_hash(id), owners->count) < 0)
        return false;
    owners->known[owners->count++] = (struct known_cgroup){.id = id, .round = owners->round, .wanted = true};
    owners->wanted++;
    return true;
}

bool socket_owners_find(struct socket_owners *owners, struct socket_report *report)
{
    struct known_cgroup *known = report->cgroup_id ? find_id(owners, report->cgroup_id) : NULL;

    report->workload = WORKLOAD_NOBODY;
    if (!known)
        return !report->cgroup_id || !want(owners, report->cgroup_id);
    known->round = owners->round;
    report->workload = known->workload;
    return !known->wanted;
}

int socket_owners_wait(struct socket_owners *owners, const struct socket_report *report)
{
    if (array_grow(owners->waiting, owners->waiting_count, owners->waiting_capacity) < 0)
        return -ENOMEM;
    owners->waiting[owners->waiting_count++] = *report;
    return 0;
}

/* Returns 1 once all cgroups are found. */
static int take_cgroup(const struct cgroup *cgroup, void *data)
{
    struct socket_owners *owners = data;
    struct known_cgroup *known = find_id(owners, cgroup->id);
    struct workload workload;
    int error;

    if (!known || !known->wanted)
        return 0;
    cgroup_path_parse(cgroup->path, cgroup->path_size, &workload);
    workload.pod_uid[0] = '\0';
    error = workload_table_put(&owners->workloads, &workload, &known->workload);
    if (error < 0)
        return error;
    if (owners->workloads.full)
        return -ENOSPC;
    known->wanted = false;
    return --owners->wanted == 0;
}

/* The cgroups that are still wanted have no owner from now on. */
static void give_up(struct socket_owners *owners)
{
    for (size_t i = 0; i < owners->count; i++)
        owners->known[i].wanted = false;
    owners->wanted = 0;
}

int socket_owners_name(struct socket_owners *owners, uint64_t now_ns, struct fault *fault)
{
    int error;

    if (!owners->wanted || now_ns < owners->retry_ns)
        return 0;
    error = cgroup_tree_walk(owners->mount, owners->limits, take_cgroup, owners);
    if (error == -ENOMEM)
        return error;
    if (error == 0)
        give_up(owners); /* they are gone, or outside the part of the tree that is visible here */
    else if (error < 0)
        owners->retry_ns = now_ns + RETRY_NS;
    if (error < 0 && error != -ENOSPC)
        fault_note(fault, "without names of cgroups: %s: %s", owners->mount, error_text(error));
    return 0;
}

void socket_owners_keep(struct socket_owners *owners, bool *used)
{
    for (size_t i = 0; i < owners->count; i++)
        used[owners->known[i].workload] = true;
    workload_table_keep(&owners->workloads, used);
}
