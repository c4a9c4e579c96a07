/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Reads the names and members of network namespaces: /proc/self/mountinfo has the names that `ip netns`
 * gives, cgroup.procs the processes. Pure.
 */

#include <stdbool.h>
#include <stdint.h>

enum { NETNS_NAME_SIZE = 255 + 1 }; /* NAME_MAX */

/* A mounted namespace. Its name is the last part of the path, with '?' for each byte that is not valid
 * UTF-8. */
struct netns_mount {
    uint32_t inode;
    char path[16 + NETNS_NAME_SIZE]; /* "/run/netns/NAME", any bytes */
    char name[NETNS_NAME_SIZE];
};

/* Reads the next network namespace that is mounted right below /run/netns or /var/run/netns, from *at on, and
 * moves *at behind it. Returns false if there is none before `end`. */
bool netns_mount_next(const char **at, const char *end, struct netns_mount *ret_mount);

/* Reads the numbers of processes from text that comes in pieces. Zeroed at first. */
struct pid_reader {
    uint64_t value;
};

/* Returns the next whole number from *at on, and moves *at behind it. Returns 0 if there is none before
 * `end`. Skips 0, which stands for a process of another pid namespace, and everything that is not a number.
 */
uint32_t pid_next(struct pid_reader *reader, const char **at, const char *end);
