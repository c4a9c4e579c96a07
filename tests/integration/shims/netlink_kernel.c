/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel whose rtnetlink misbehaves, for LD_PRELOAD. NETLINK_SHIM_DIRECTORY names a directory that the test
 * changes while the daemon runs; a fault is there while its file is:
 *
 *     eperm, eafnosupport   no netlink socket can be made (a sandbox)
 *     interrupted           every part of a dump has NLM_F_DUMP_INTR
 *     silent                requests are swallowed: no answer ever comes
 *     late                  before each answer comes another that belongs to an earlier request
 *     slow                  an answer is read 30 ms after it was made
 *     no_getstats           RTM_GETSTATS is not known (as before Linux 4.7)
 *     no_getqdisc           RTM_GETQDISC is not known (no CONFIG_NET_SCHED)
 *     no_udp_diag, no_tcp_diag   sock_diag of the protocol is not known
 *     small_buffer          receive buffers are as small as the kernel allows
 */

#include <dlfcn.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define REAL(function) ((__typeof__(&function))dlsym(RTLD_NEXT, #function))

static bool fault(const char *name)
{
    char path[4096];

    (void)snprintf(path, sizeof(path), "%s/%s", getenv("NETLINK_SHIM_DIRECTORY"), name);
    return access(path, F_OK) == 0;
}

/* In a request to sock_diag: a protocol that there is none of. */
static void forget_protocol(int fd, char *request)
{
    char *protocol = request + sizeof(struct nlmsghdr) + offsetof(struct inet_diag_req_v2, sdiag_protocol);
    int netlink = 0;
    socklen_t size = sizeof(netlink);

    if (getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &netlink, &size) < 0 || netlink != NETLINK_SOCK_DIAG)
        return;
    if ((*protocol == IPPROTO_UDP && fault("no_udp_diag")) ||
        (*protocol == IPPROTO_TCP && fault("no_tcp_diag")))
        *protocol = 99;
}

static bool is_netlink(int fd)
{
    int domain = 0;
    socklen_t size = sizeof(domain);

    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_NETLINK;
}

int socket(int domain, int type, int protocol)
{
    if (domain == AF_NETLINK && (fault("eperm") || fault("eafnosupport"))) {
        errno = fault("eperm") ? EPERM : EAFNOSUPPORT;
        return -1;
    }
    return REAL(socket)(domain, type, protocol);
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t size)
{
    static const int smallest = 1;

    if (level == SOL_SOCKET && (name == SO_RCVBUF || name == SO_RCVBUFFORCE) && is_netlink(fd) &&
        fault("small_buffer"))
        value = &smallest;
    return REAL(setsockopt)(fd, level, name, value, size);
}

ssize_t send(int fd, const void *data, size_t size, int flags)
{
    struct nlmsghdr header;
    char copy[512];

    if (!is_netlink(fd) || size > sizeof(copy))
        return REAL(send)(fd, data, size, flags);
    if (fault("silent"))
        return (ssize_t)size;
    memcpy(copy, data, size);
    memcpy(&header, data, sizeof(header));
    if ((header.nlmsg_type == RTM_GETSTATS && fault("no_getstats")) ||
        (header.nlmsg_type == RTM_GETQDISC && fault("no_getqdisc")))
        header.nlmsg_type = RTM_MAX + 100;
    memcpy(copy, &header, sizeof(header));
    forget_protocol(fd, copy);
    return REAL(send)(fd, copy, size, flags);
}

static void interrupt(char *data, size_t size)
{
    struct nlmsghdr header;

    for (size_t at = 0; at + sizeof(header) <= size; at += NLMSG_ALIGN(header.nlmsg_len)) {
        memcpy(&header, data + at, sizeof(header));
        if (header.nlmsg_flags & NLM_F_MULTI)
            header.nlmsg_flags |= NLM_F_DUMP_INTR;
        memcpy(data + at, &header, sizeof(header));
    }
}

/* What looks like the waiting answer, with another sequence number and other values. */
static ssize_t receive_late(int fd, char *data, size_t room)
{
    ssize_t size = REAL(recvfrom)(fd, data, room, MSG_PEEK, NULL, NULL);
    struct nlmsghdr header;

    for (size_t at = 0; size > 0 && at + sizeof(header) <= (size_t)size;
         at += NLMSG_ALIGN(header.nlmsg_len)) {
        memcpy(&header, data + at, sizeof(header));
        header.nlmsg_seq--;
        memcpy(data + at, &header, sizeof(header));
        if (header.nlmsg_len > 100)
            memset(data + at + 40, 0xff, 60);
    }
    return size;
}

ssize_t recvfrom(int fd, void *data, size_t room, int flags, __SOCKADDR_ARG address, socklen_t *address_size)
{
    static _Thread_local bool was_late;
    const struct timespec pause = {.tv_nsec = 30 * 1000 * 1000};
    struct timeval timeout = {};
    socklen_t size = sizeof(timeout);
    ssize_t received;

    /* Sockets for requests are told from those for notifications by their time limit. */
    if (!is_netlink(fd) || getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, &size) < 0 ||
        timeout.tv_sec == 0)
        return REAL(recvfrom)(fd, data, room, flags, address, address_size);
    was_late = !was_late && fault("late");
    if (was_late)
        return receive_late(fd, data, room);
    received = REAL(recvfrom)(fd, data, room, flags, address, address_size);
    if (received > 0 && fault("interrupted"))
        interrupt(data, (size_t)received);
    if (received > 0 && fault("slow"))
        nanosleep(&pause, NULL);
    return received;
}
