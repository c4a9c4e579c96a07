/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/http/stand_in.h"

/* Keeps a suspended request alive if its client has already closed its side. HTTP threads. */

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/descriptor.h"

int stand_in_enter(int fd)
{
    _cleanup_(closep) int own = -1;
    _cleanup_(closep) int other = -1;

    if (!descriptor_events(fd, POLLRDHUP))
        return -1;
    own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    other = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (own < 0 || other < 0 || dup3(other, fd, O_CLOEXEC) < 0)
        return -1;
    return take_fd(&own);
}

void stand_in_leave(int *own, int fd)
{
    if (*own >= 0)
        (void)dup3(*own, fd, O_CLOEXEC);
    closep(own);
}
