/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What ends the program: SIGINT, SIGTERM, SIGHUP and SIGQUIT, read from a descriptor so that it ends where
 * that is safe; and a closed output. Main thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* From now on these signals are blocked, and SIGPIPE ignored. -errno. */
int ending_open(int *ret_fd);

/* Returns true once such a signal came. */
bool ending_came(int fd);

/* Call it when the signal is answered: from now on another one ends the program at once. */
void ending_last(int fd);

/* Makes signals what they were before, for a new program. */
void ending_forget(void);

/* Waits so long. Returns 0 when the time is up, -EINTR if a signal came, or -EPIPE if nobody reads `out` any
 * more. */
int ending_wait(int fd, int out, uint64_t wait_ns);

/* Writes all of it, at the reader's pace. Returns 0, -EINTR if a signal came while nobody read, or -errno. */
int ending_write(int fd, int out, const void *data, size_t size);
