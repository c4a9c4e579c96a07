/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A thread that has accepted a connection gets to it a second later, for LD_PRELOAD.
 */

#include <dlfcn.h>
#include <sys/socket.h>
#include <unistd.h>

int accept4(int fd, struct sockaddr *address, socklen_t *size, int flags)
{
    int (*real)(int, struct sockaddr *, socklen_t *, int) = dlsym(RTLD_NEXT, "accept4");
    int accepted = real(fd, address, size, flags);

    if (accepted >= 0)
        sleep(1);
    return accepted;
}
