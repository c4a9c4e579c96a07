/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/systemd/kept_mark.h"

/* Marks descriptors in systemd's store as good for the next process. One thread: in netdrop-open. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-id128.h>
#include <unistd.h>

#include "base/cleanup.h"

int kept_mark_text(const char *kept_as, unsigned descriptors, char text[KEPT_MARK_SIZE])
{
    sd_id128_t boot;
    int error = sd_id128_get_boot(&boot);

    if (error < 0)
        return error;
    if (snprintf(text, KEPT_MARK_SIZE, "boot " SD_ID128_FORMAT_STR ", %u descriptors, %s\n",
                 SD_ID128_FORMAT_VAL(boot), descriptors, kept_as) >= KEPT_MARK_SIZE)
        return -ENAMETOOLONG;
    return 0;
}

/* The variable may hold several directories. Only a single one is used. */
static int path_of(const char *name, char path[PATH_MAX])
{
    const char *directory = getenv("RUNTIME_DIRECTORY");

    if (!directory || !directory[0] || strchr(directory, ':'))
        return -ENOENT;
    return snprintf(path, PATH_MAX, "%s/%s.kept", directory, name) < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* Compares the file. Does not follow links and does not block, whatever the file is. */
static enum kept_state compare(const char *path, const char *text)
{
    _cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    char found[KEPT_MARK_SIZE];
    ssize_t size = fd < 0 ? -1 : read(fd, found, sizeof(found));

    if (fd < 0 && errno == ENOENT)
        return KEPT_NOTHING;
    return size >= 0 && (size_t)size == strlen(text) && memcmp(found, text, (size_t)size) == 0 ? KEPT_SAME
                                                                                               : KEPT_OTHER;
}

enum kept_state kept_mark_take(const char *name, const char *text)
{
    enum kept_state state;
    char path[PATH_MAX];

    if (path_of(name, path) < 0)
        return KEPT_NOTHING;
    state = compare(path, text);
    (void)unlink(path);
    return state;
}

int kept_mark_set(const char *name, const char *text)
{
    _cleanup_(closep) int fd = -1;
    char path[PATH_MAX];
    int error = path_of(name, path);

    if (error < 0)
        return error;
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0)
        return -errno;
    return write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : -EIO;
}
