/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/bell.h"

/*
 * Wakes a thread that sleeps until a deadline: an eventfd, so that poll(2) can wait for it too. Any thread
 * rings, one listens.
 */

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

int bell_init(struct bell *bell)
{
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

    if (fd < 0)
        return -errno;
    bell->fd = fd;
    return 0;
}

void bell_done(struct bell *bell)
{
    if (bell->fd >= 0)
        close(bell->fd);
    bell->fd = -1;
}

void bell_ring(const struct bell *bell)
{
    if (bell)
        (void)eventfd_write(bell->fd, 1);
}

bool bell_heard(const struct bell *bell)
{
    eventfd_t rung;

    return eventfd_read(bell->fd, &rung) == 0;
}
