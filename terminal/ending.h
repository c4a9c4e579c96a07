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

/* True once such a signal came. */
bool ending_came(int fd);

/* The signal that came is answered: from now on another one ends the program at once. */
void ending_last(int fd);

/* For a new program: its signals are as they were before. */
void ending_forget(void);

/* Waits so long, or until a signal comes (-EINTR) or nobody reads `out` any more (-EPIPE). 0: the time is up.
 */
int ending_wait(int fd, int out, uint64_t wait_ns);

/* Writes all of it, at the reader's pace. -EINTR where a signal came and nobody read meanwhile; -errno. */
int ending_write(int fd, int out, const void *data, size_t size);
