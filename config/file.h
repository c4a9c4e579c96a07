/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Reads whole files that an administrator named. Main thread.
 */

#include <stddef.h>
#include <sys/types.h>

#include "base/fault.h"

/* The mode bits that a file with a secret must not have: writable by others than its owner, or readable by
 * all. Its group may read it, so that a service can read a file of root's. */
enum { FILE_SECRET = 0027 };

/* Reads a regular file. Returns 0, or -errno with the fault if it is not a regular file (a FIFO would block,
 * a device never end), is larger than `size_max`, or has one of the `refused` mode bits. The caller frees the
 * data, which a NUL follows. */
int file_read(const char *path, size_t size_max, mode_t refused, char **ret_data, size_t *ret_size,
              struct fault *fault);
