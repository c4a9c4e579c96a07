/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/file.h"

/* Reads a whole file that an administrator named, up to a bound. Main thread. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

int file_read(const char *path, size_t size_max, mode_t refused, char **ret_data, size_t *ret_size,
              struct fault *fault)
{
    /* O_NONBLOCK: opening a FIFO without a writer must not wait for one. */
    _cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    _cleanup_(freep) char *data = NULL;
    struct stat status;
    size_t size = 0;
    ssize_t n;

    if (fd < 0 || fstat(fd, &status) < 0)
        return fault_set(fault, -errno, "cannot open: %m");
    if (!S_ISREG(status.st_mode))
        return fault_set(fault, -EINVAL, "not a regular file");
    if (status.st_mode & refused)
        return fault_set(fault, -EPERM, "others may read or change it (mode %04o): chmod 0640 or less",
                         status.st_mode & 07777);
    data = malloc(size_max + 2);
    if (!data)
        return fault_set(fault, -ENOMEM, "out of memory");
    while ((n = read(fd, data + size, size_max + 1 - size)) > 0)
        size += (size_t)n;
    if (n < 0)
        return fault_set(fault, -errno, "cannot read: %m");
    if (size > size_max)
        return fault_set(fault, -EFBIG, "larger than the limit of %zu bytes", size_max);
    data[size] = '\0';
    *ret_data = take_ptr(data);
    *ret_size = size;
    return 0;
}
