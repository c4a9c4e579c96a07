/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/kernel/procfile.h"

/*
 * Keeps a /proc file open and reads it whole. One thread at a time. A user may give the path (--path.procfs),
 * so it may lead anywhere. A FIFO or a device must not block the collector's thread: hence O_NONBLOCK, and a
 * check of the type before any read.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/decimal.h"
#include "base/descriptor.h"

enum { CAPACITY_FIRST = 4096 };

int procfile_init(struct procfile *ret_file, const char *directory, const char *name)
{
    char *path;

    if (asprintf(&path, "%s/%s", directory, name) < 0)
        return -ENOMEM;
    *ret_file = (struct procfile){.path = path, .fd = -1};
    return 0;
}

static void procfile_close(struct procfile *file)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
    file->size = 0;
}

void procfile_done(struct procfile *file)
{
    if (!file->path)
        return;
    procfile_close(file);
    free(file->data);
    free(file->path);
    *file = (struct procfile){.fd = -1};
}

static int regular_open(int directory, const char *path, int *ret_fd, struct fault *fault)
{
    _cleanup_(closep) int fd = openat(directory, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat status;

    if (fd < 0 || fstat(fd, &status) < 0)
        return fault_errno(fault, -errno, "%s", path);
    if (S_ISCHR(status.st_mode))
        return fault_set(fault, -EACCES, "%s: masked by a device", path);
    if (!S_ISREG(status.st_mode))
        return fault_set(fault, -EINVAL, "%s: not a regular file", path);
    *ret_fd = take_fd(&fd);
    return 0;
}

int procfile_open(const char *directory, const char *name, int *ret_fd)
{
    _cleanup_(freep) char *path = NULL;

    if (asprintf(&path, "%s/%s", directory, name) < 0)
        return -ENOMEM;
    return regular_open(AT_FDCWD, path, ret_fd, NULL);
}

void procfile_hand_over(struct handover *handover, const char *handle, const char *directory,
                        const char *name)
{
    int fd;

    if (procfile_open(directory, name, &fd) == 0)
        handover_put(handover, handle, fd);
}

void procfile_take_over(struct procfile *file, const struct handover *handover, const char *handle)
{
    if (handover)
        (void)handover_copy(handover, handle, &file->fd);
}

static int procfile_grow(struct procfile *file, struct fault *fault)
{
    size_t capacity = file->capacity ? 2 * file->capacity : CAPACITY_FIRST;

    if (capacity > PROCFILE_BYTES_MAX)
        return fault_set(fault, -EFBIG, "%s: larger than %d bytes", file->path, PROCFILE_BYTES_MAX);
    if (array_resize(file->data, file->capacity, capacity) < 0)
        return fault_set(fault, -ENOMEM, "%s: out of memory", file->path);
    return 0;
}

/* One read returns at most the kernel's own buffer, a page, if the file has many records (fs/seq_file.c,
 * seq_read_iter()). Only a read of 0 bytes is the end. */
static int procfile_fill(struct procfile *file, struct fault *fault)
{
    file->size = 0;
    for (;;) {
        int error = file->size == file->capacity ? procfile_grow(file, fault) : 0;
        ssize_t size;

        if (error < 0)
            return error;
        size = TEMP_FAILURE_RETRY(
            pread(file->fd, file->data + file->size, file->capacity - file->size, (off_t)file->size));
        if (size < 0)
            return fault_errno(fault, -errno, "%s", file->path);
        if (size == 0)
            return 0;
        file->size += (size_t)size;
    }
}

int procfile_read(struct procfile *file, struct fault *fault)
{
    int error;

    if (file->fd >= 0 && procfile_fill(file, NULL) == 0)
        return 0;
    /* EIO of /proc and ENODEV of /proc/sys mean that the file's subject is gone (fs/proc/inode.c,
     * fs/proc/proc_sysctl.c). */
    procfile_close(file);
    error = regular_open(AT_FDCWD, file->path, &file->fd, fault);
    if (error == 0)
        error = procfile_fill(file, fault);
    if (error < 0)
        procfile_close(file);
    return error;
}

bool procfile_changed(const struct procfile *file)
{
    return file->fd < 0 || descriptor_events(file->fd, POLLPRI);
}

bool procfile_number(struct procfile *file, uint64_t *ret_value)
{
    const char *at;

    if (procfile_read(file, NULL) < 0)
        return false;
    at = file->data;
    return decimal_uint64(&at, at + file->size, ret_value);
}

int procfile_read_below(struct procfile *file, int directory, const char *name)
{
    int error;

    procfile_close(file);
    error = regular_open(directory, name, &file->fd, NULL);
    if (error == 0)
        error = procfile_fill(file, NULL);
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
    return error;
}
