/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What ends the program: SIGINT, SIGTERM, SIGHUP and SIGQUIT, read from a descriptor so that it ends where
 * that is safe; and a closed output. Main thread.
 */

#include <stddef.h>
#include <stdint.h>

/* Blocks these signals and ignores SIGPIPE. Returns 0 or -errno. */
int ending_open(int *ret_fd);

/* Call it when the signal is answered: from now on another one ends the program at once. */
void ending_last(int fd);

/* Restores the signals for a program that is to be executed. */
void ending_forget(void);

/* Waits for `wait_ns` at most. Returns 0 when the time is up, -EINTR if a signal came, or -EPIPE if nobody
 * reads `out` any more. */
int ending_wait(int fd, int out, uint64_t wait_ns);

/* Writes all of it, at the reader's pace. Returns 0, -EINTR if a signal came while nobody read, or -errno. */
int ending_write(int fd, int out, const void *data, size_t size);
