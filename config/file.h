/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Reads whole files that an administrator named. Main thread.
 */

#include <stddef.h>
#include <sys/types.h>

#include "base/fault.h"

/* What a file may not be that holds a secret: written by others than its owner, or read by all. Its group may
 * read it: so a service gets what root owns. */
enum { FILE_SECRET = 0027 };

/* A regular file, or -errno with the fault: what is none (a FIFO would block, a device never end), is larger
 * than `size_max`, or has one of these mode bits is refused. The caller frees the data; a NUL is behind it.
 */
int file_read(const char *path, size_t size_max, mode_t refused, char **ret_data, size_t *ret_size,
              struct fault *fault);
