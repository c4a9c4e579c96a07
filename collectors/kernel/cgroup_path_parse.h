/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Finds the workload of a control group by its path: the labels `unit`, `container_id` and `pod_uid`. No
 * system call, no allocation, any thread. Every path has an answer.
 *
 * A path is believed. Whoever owns a part of the tree names what is below it, so that a user can make a
 * "docker-ID.scope" of their own: it then names a container that no runtime knows. What a user cannot make is
 * the name of somebody else's unit: see `unit`.
 */

#include <stdbool.h>
#include <stddef.h>

#include "collectors/kernel/workload.h"

/*
 * Finds the workload of the control group with that path. A path whose first byte is not '/' was cut at its
 * top. Folders ".." of a path that is told relative to a cgroup namespace are passed over, and so are folders
 * within a unit.
 */
void cgroup_path_parse(const char *path, size_t size, struct workload *ret_workload);

/*
 * Finds the path in the bytes of /proc/PID/cgroup: that of the unified hierarchy; or, if the process is in
 * the root of that (hybrid hierarchies, runtimes that do not know it) or there is none, that of systemd's
 * own. Returns false if there is neither.
 */
bool cgroup_path_find(const char *text, size_t size, const char **ret_path, size_t *ret_size);
