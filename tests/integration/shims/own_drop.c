/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What can keep a drop of --self-test from being made or seen, for LD_PRELOAD. OWN_DROP=refused: there is no
 * network namespace to be had; hung: nor an answer whether there is; lost: nothing is sent, though it seems
 * to be; one: the first is not sent; few: only ten are.
 */

#include <dlfcn.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int is(const char *what)
{
    const char *wanted = getenv("OWN_DROP");

    return wanted && strcmp(wanted, what) == 0;
}

/* Whether the datagram of this number only seems to be sent. */
static int is_kept_back(int number)
{
    return is("lost") || (is("one") && number == 0) || (is("few") && number >= 10);
}

int unshare(int flags)
{
    int (*real)(int) = dlsym(RTLD_NEXT, "unshare");

    while (is("hung"))
        pause();
    if (is("refused")) {
        errno = EPERM;
        return -1;
    }
    return real(flags);
}

ssize_t sendto(int fd, const void *data, size_t size, int flags, const struct sockaddr *address,
               socklen_t length)
{
    ssize_t (*real)(int, const void *, size_t, int, const struct sockaddr *, socklen_t) =
        dlsym(RTLD_NEXT, "sendto");
    static int number;

    if (address && address->sa_family == AF_INET && is_kept_back(number++))
        return (ssize_t)size;
    return real(fd, data, size, flags, address, length);
}
