/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The floor of a collection by netlink: nothing but the dumps, received and thrown away.
 *
 *     floor_dump link|qdisc|sockets COUNT
 */

#include <linux/if_link.h>
#include <linux/inet_diag.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "tests/bench/median.h"

struct request {
    struct nlmsghdr header;
    union {
        struct if_stats_msg stats;
        struct tcmsg qdisc;
        struct inet_diag_req_v2 sockets;
    };
};

#define REQUEST(type, member, ...)                                                                           \
    {                                                                                                        \
        .header = {.nlmsg_len = NLMSG_LENGTH(sizeof(((struct request *)NULL)->member)),                      \
                   .nlmsg_type = type,                                                                       \
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},                                               \
        .member = {__VA_ARGS__},                                                                             \
    }
#define SOCKETS(family, protocol, state)                                                                     \
    REQUEST(SOCK_DIAG_BY_FAMILY, sockets, .sdiag_family = family, .sdiag_protocol = protocol,                \
            .idiag_ext = 1 << (INET_DIAG_SKMEMINFO - 1), .idiag_states = 1 << (state))

enum { STATE_CLOSE = 7, STATE_LISTEN = 10 };

static const struct kind {
    const char *name;
    int protocol;
    struct request requests[4];
} kinds[] = {
    {"link",
     NETLINK_ROUTE,
     {REQUEST(RTM_GETSTATS, stats, .filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64))}},
    {"qdisc", NETLINK_ROUTE, {REQUEST(RTM_GETQDISC, qdisc, .tcm_family = AF_UNSPEC)}},
    {"sockets",
     NETLINK_SOCK_DIAG,
     {SOCKETS(AF_INET, IPPROTO_UDP, STATE_CLOSE), SOCKETS(AF_INET6, IPPROTO_UDP, STATE_CLOSE),
      SOCKETS(AF_INET, IPPROTO_TCP, STATE_LISTEN), SOCKETS(AF_INET6, IPPROTO_TCP, STATE_LISTEN)}},
};

struct floor {
    int fd;
    const struct kind *kind;
};

static char buffer[32 * 1024] __attribute__((aligned(NLMSG_ALIGNTO)));

static void dump(int fd, const struct request *request)
{
    bool done = false;

    if (send(fd, request, request->header.nlmsg_len, 0) < 0)
        fail("send");
    while (!done) {
        ssize_t size = recv(fd, buffer, sizeof(buffer), 0);

        if (size < 0)
            fail("recv");
        for (const struct nlmsghdr *m = (const void *)buffer; NLMSG_OK(m, size); m = NLMSG_NEXT(m, size))
            done = m->nlmsg_type == NLMSG_DONE || m->nlmsg_type == NLMSG_ERROR;
    }
}

static void dump_all(void *data)
{
    const struct floor *floor = data;

    for (size_t i = 0; i < ELEMENTS(floor->kind->requests) && floor->kind->requests[i].header.nlmsg_len; i++)
        dump(floor->fd, &floor->kind->requests[i]);
}

int main(int argc, char *argv[])
{
    struct floor floor = {.fd = -1};

    for (size_t i = 0; i < ELEMENTS(kinds) && argc == 3; i++)
        if (strcmp(argv[1], kinds[i].name) == 0)
            floor.kind = &kinds[i];
    if (floor.kind)
        floor.fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, floor.kind->protocol);
    if (floor.fd < 0)
        fail("floor_dump link|qdisc|sockets COUNT");
    printf("%llu\n", (unsigned long long)median_cpu_ns(dump_all, &floor, (unsigned)atoi(argv[2])));
    return 0;
}
