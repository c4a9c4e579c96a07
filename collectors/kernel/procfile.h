/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Keeps a /proc file open and reads it whole, by pread(2) into a kept buffer, at half the cost of opening it
 * each time. The content is of one moment if the kernel renders the file in one go (snmp); otherwise each
 * record is of its own moment (softnet_stat: a line for each CPU). One thread at a time.
 */

#include <stddef.h>
#include <stdint.h>

#include <errno.h>
#include <stdbool.h>

#include "base/fault.h"
#include "collectors/handover.h"

/* A larger file is refused: the kernel's own are a few kilobytes, with a line for each of 8,192 CPUs a
 * megabyte.
 */
enum { PROCFILE_BYTES_MAX = 2 * 1024 * 1024 };

struct procfile {
    char *path;
    int fd;      /* -1 if not open */
    char *data;  /* the content after a successful read, not NUL-terminated */
    size_t size; /* of the content */
    size_t capacity;
};

/* Opens the regular file DIRECTORY/NAME for reading. Returns 0, -EINVAL if it is no regular file and might
 * block, or the negative errno of open(2). */
int procfile_open(const char *directory, const char *name, int *ret_fd);

/* Names the file DIRECTORY/NAME; opens nothing yet. Returns 0 or -ENOMEM. */
int procfile_init(struct procfile *ret_file, const char *directory, const char *name);

/*
 * Opens DIRECTORY/NAME for a process that cannot open it, and puts the descriptor into the hand-over under
 * that handle. Whoever has it reads the current content, in whichever namespaces. A file that cannot be
 * opened is left out: its reader will report that.
 */
void procfile_hand_over(struct handover *handover, const char *handle, const char *directory,
                        const char *name);

/* Has the file read by a copy of the descriptor of that handle, if there is one. Without a hand-over (NULL)
 * there is none. */
void procfile_take_over(struct procfile *file, const struct handover *handover, const char *handle);

/* Closes and frees; accepts a zeroed or a finished one. */
void procfile_done(struct procfile *file);

/*
 * Reads the file as of now, and opens it first where it is not open. What is no regular file (a FIFO, a
 * directory) is refused at once with -EINVAL, a device, by which container runtimes mask a file (/dev/null),
 * with -EACCES, what is too large with -EFBIG; other errors are those of open(2) and pread(2). After a
 * failure the file is closed, so that the next read tries afresh; and a kept descriptor that fails, as that
 * of a file of a module that was unloaded does, is replaced at once.
 */
int procfile_read(struct procfile *file, struct fault *fault);

/*
 * Returns true if a file changed since this was last asked, or since it was opened, or is not open. Only for
 * files of whose changes the kernel tells readers (mountinfo: fs/proc_namespace.c, mounts_poll()).
 */
bool procfile_changed(const struct procfile *file);

/* Reads the number that it begins with, as of now. Returns false if it cannot be read, or holds none. */
bool procfile_number(struct procfile *file, uint64_t *ret_value);

/*
 * Reads the file NAME below an open directory into the buffer of a procfile, and closes it at once: what
 * stays open of a process's net keeps its network namespace alive. Errors as above.
 */
int procfile_read_below(struct procfile *file, int directory, const char *name);

/* Returns true if a file that could not be read is absent here, not broken: it is not there, or may not be
 * read. */
static inline bool procfile_is_absent(int error)
{
    return error == -ENOENT || error == -EACCES || error == -EPERM;
}
