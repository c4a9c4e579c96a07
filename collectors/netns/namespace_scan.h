/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Looks at the network namespaces of all processes, through their files below /proc/PID: who may list the
 * processes may read these. A pass sights every process, then reads each namespace once. If the time of a
 * round is not enough, the next round goes on from there. One thread.
 *
 * Each file is opened, read and closed within microseconds, because an open one keeps its namespace alive.
 *
 * The owner of a namespace is a process in a container rather than one in none, because who enters a
 * container's namespace from the host does not own it. Among equals it is the former owner, and at first the
 * process with the lowest number. A new owner gets what is counted from then on; what was counted before
 * stays where it is.
 */

#include <dirent.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "collectors/kernel/procfile.h"
#include "collectors/netns/namespace_book.h"

enum namespace_step { NAMESPACE_BETWEEN, NAMESPACE_SIGHTING, NAMESPACE_READING };

struct namespace_scan {
    struct namespace_book *book; /* borrowed */
    struct limits *limits;       /* borrowed */
    DIR *processes;
    uint64_t own_inode; /* of the namespace that is left out: our own */
    struct procfile file;
    struct namespace_heads heads;
    struct namespace_reading reading;

    enum namespace_step step;
    uint32_t *pids; /* of the pass */
    size_t pid_count;
    size_t pid_capacity;
    size_t next;   /* process or namespace */
    size_t rounds; /* that the pass has taken so far ... */
    size_t took;   /* ... and that the last one did */
    bool refused;  /* in the last pass, some processes may not be looked at */
    bool refusing; /* in this one */
};

/* Returns 0, -ENOMEM, or -EOPNOTSUPP with the fault if other processes are hidden or there is no /proc. */
int namespace_scan_open(struct namespace_scan *scan, const char *procfs, struct limits *limits,
                        struct fault *fault);
void namespace_scan_close(struct namespace_scan *scan); /* accepts a zeroed struct */

/* Goes on until the pass is at its end, the time (CLOCK_BOOTTIME) is over, which LIMIT_NAMESPACE_TIME counts,
 * or `ending` is set (it may be NULL). Returns 0 or a negative errno with the fault. */
int namespace_scan_round(struct namespace_scan *scan, uint64_t until_ns, const atomic_bool *ending,
                         struct fault *fault);
