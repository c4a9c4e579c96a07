/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Finds the workload of a socket by the number of its control group. Names are searched only for an unknown
 * number; reports about such sockets wait meanwhile, so that nothing is counted in the wrong place. Names of
 * control groups that are gone are kept, since numbers are never used again.
 *
 * The cgroup is that in which the socket was made: a listener that systemd made for a service is systemd's
 * ("init.scope"), also when the service has it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/hash.h"
#include "base/limits.h"
#include "collectors/kernel/workload_table.h"
#include "collectors/sockets/sockets_parse.h"

struct known_cgroup {
    uint64_t id;
    uint32_t workload;
    uint32_t round; /* in which it was last asked for */
    bool wanted;    /* its name is still unknown, and will be searched */
};

struct socket_owners {
    struct workload_table workloads; /* without their pods */
    struct known_cgroup *known;
    size_t count;
    size_t capacity;
    struct hash_index index; /* the cgroups by their number */
    size_t wanted;           /* of them */
    uint32_t round;
    uint64_t retry_ns; /* no search for names before */
    const char *mount; /* of the cgroups; NULL if none */

    struct socket_report *waiting; /* whose cgroup is wanted */
    size_t waiting_count;
    size_t waiting_capacity;
    struct limits *limits; /* borrowed */
};

/* Borrows `mount`. If it is NULL, no socket has an owner. Returns 0 or -ENOMEM. */
int socket_owners_init(struct socket_owners *owners, const char *mount, struct limits *limits);
void socket_owners_done(struct socket_owners *owners); /* accepts a zeroed struct */

/* Begins a look at all sockets. */
void socket_owners_begin(struct socket_owners *owners);

/* Puts the number of its workload into the report. Returns false if the report has to wait until
 * socket_owners_name() is done. */
bool socket_owners_find(struct socket_owners *owners, struct socket_report *report);

/* Keeps a report that has to wait, for the caller to take out of `waiting`. Returns 0 or -ENOMEM. */
int socket_owners_wait(struct socket_owners *owners, const struct socket_report *report);

/* Searches all wanted names. A control group without a name then has no owner. If this fails, known names
 * stay known, and fault_note() says what is missing. `now_ns` is CLOCK_BOOTTIME. Returns 0 or -ENOMEM. */
int socket_owners_name(struct socket_owners *owners, uint64_t now_ns, struct fault *fault);

/* Makes room if `workloads` is full: removes workloads that have neither rows nor sockets. `used` says, by
 * number, which have rows; it is changed. */
void socket_owners_keep(struct socket_owners *owners, bool *used);
