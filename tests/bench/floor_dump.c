/*
 * The floor of a link collection: nothing but the RTM_GETSTATS dump, received and thrown away.
 *
 *     floor_dump COUNT
 */

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "tests/bench/median.h"

static char buffer[32 * 1024] __attribute__((aligned(NLMSG_ALIGNTO)));

static void dump(void *data)
{
    static const struct {
        struct nlmsghdr header;
        struct if_stats_msg stats;
    } request = {
        .header = {.nlmsg_len = sizeof(request),
                   .nlmsg_type = RTM_GETSTATS,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
        .stats = {.filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64)},
    };
    const int *fd = data;
    bool done = false;

    if (send(*fd, &request, sizeof(request), 0) < 0)
        fail("send");
    while (!done) {
        ssize_t size = recv(*fd, buffer, sizeof(buffer), 0);

        if (size < 0)
            fail("recv");
        for (const struct nlmsghdr *m = (const void *)buffer; NLMSG_OK(m, size); m = NLMSG_NEXT(m, size))
            done = m->nlmsg_type == NLMSG_DONE;
    }
}

int main(int argc, char *argv[])
{
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

    if (fd < 0 || argc != 2)
        fail("floor_dump COUNT");
    printf("%llu\n", (unsigned long long)median_cpu_ns(dump, &fd, (unsigned)atoi(argv[1])));
    return 0;
}
