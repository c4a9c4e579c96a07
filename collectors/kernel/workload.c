/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/kernel/workload.h"

/* Compares workloads, and decides which of several owns a namespace. Pure; any thread. */

#include <string.h>

#include "base/hash.h"

uint64_t workload_hash(const struct workload *workload)
{
    uint64_t hash = hash_text(HASH_EMPTY, workload->unit);

    return hash_text(hash_text(hash, workload->container_id), workload->pod_uid);
}

bool workload_equal(const struct workload *a, const struct workload *b)
{
    return strcmp(a->unit, b->unit) == 0 && strcmp(a->container_id, b->container_id) == 0 &&
           strcmp(a->pod_uid, b->pod_uid) == 0;
}

bool workload_in_container(const struct workload *workload)
{
    return workload->container_id[0] || workload->pod_uid[0];
}

void workload_share(struct workload *workload)
{
    if (workload->pod_uid[0])
        workload->container_id[0] = '\0';
}

bool workload_claims(struct workload_claim *claim, const struct workload *workload, uint64_t cgroup)
{
    const struct workload_claim other = {
        .known = true, .in_container = workload_in_container(workload), .cgroup = cgroup};

    if (claim->known && (claim->in_container > other.in_container ||
                         (claim->in_container == other.in_container && claim->cgroup <= cgroup)))
        return false;
    *claim = other;
    return true;
}
