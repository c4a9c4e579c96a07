/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * A workload: who on the host a socket, a packet or a network namespace belongs to, in the texts of the
 * labels `unit`, `container_id` and `pod_uid`. Pure; any thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    WORKLOAD_UNIT_SIZE = 256, /* UNIT_NAME_MAX of systemd, NUL included */
    WORKLOAD_CONTAINER_DIGITS = 64,
    WORKLOAD_POD_SIZE = 36 + 1,
};

struct workload {
    /*
     * The unit of the host's systemd, as systemctl writes it (escapes stay: "a\x2db.service"); never empty.
     * What comes and goes by the hundred has no name of its own, or there would be no end of rows: sessions,
     * scopes with a number, systemd-run, applications of a desktop, containers and pods fold into their
     * slice, services made for one connection into their template ("sshd@.service"). What lies in no unit is
     * in "-.slice", which is the root's.
     *
     * Below a manager of its own (user@UID.service, a machine of machined, LXC) the name is MANAGER/UNIT,
     * since units of that name may be anywhere: "user@1000.service/web.service". What runs inside of a
     * container (an ID) is told by its container_id, and units in there are not told. Where the top of the
     * path is not known, "..." stands for it. A unit whose MANAGER/UNIT is too long counts at its manager.
     */
    char unit[WORKLOAD_UNIT_SIZE];

    /* 64 lower-case hexadecimal digits, as Docker, containerd, CRI-O and Podman make them; "" if in no
     * container, or in one of another kind of ID (LXC, nspawn, Docker's builds, tasks of ECS), which `unit`
     * tells. Of containers in containers it is the inner one. Monitors (conmon) are in none. */
    char container_id[WORKLOAD_CONTAINER_DIGITS + 1];

    /* The UID of the Kubernetes pod, with dashes; of a static pod the 32 digits that its kubelet made up,
     * which the API does not know. "": in no pod. The inner one, and a container around it is not told. */
    char pod_uid[WORKLOAD_POD_SIZE];
};

/* Returns a hash of the texts. */
uint64_t workload_hash(const struct workload *workload);
bool workload_equal(const struct workload *a, const struct workload *b);

bool workload_in_container(const struct workload *workload);

/* Makes a container's workload that of its pod, if it has one: containers of a pod share a network
 * namespace. */
void workload_share(struct workload *workload);

/* The best claim to a network namespace that was found so far. Zeroed: none. */
struct workload_claim {
    bool known;
    bool in_container;
    uint64_t cgroup; /* its ID */
};

/*
 * Returns true if the workload in that cgroup has a better claim than the best one so far, which it then
 * replaces. A workload in a container comes first, because who enters a container's namespace from the host
 * does not own it. Of two alike, the one that was there first: cgroups are numbered in the order in which
 * they were made.
 */
bool workload_claims(struct workload_claim *claim, const struct workload *workload, uint64_t cgroup);

/* Returns how many rows of gone workloads a full table evicts at once: after each eviction the remaining
 * ones are sorted again. */
static inline size_t workload_rows_evicted(size_t max)
{
    return 1 + max / 16;
}
