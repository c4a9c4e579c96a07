/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A flood of packets for the kernel to drop: small datagrams, many with each system call, so that what is
 * measured is the kernel's work on a packet. Prints the nanoseconds that a packet took, by the wall clock and
 * of CPU time: the receiver's work is in both, for it is done before the call returns. What a rule does not
 * let out counts as sent.
 *
 *     flood PACKETS ADDRESS PORT
 */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "tests/bench/median.h"

enum { BATCH = 64, PAYLOAD = 64 };

static int connected(const char *address, const char *port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || inet_pton(AF_INET, address, &to.sin_addr) != 1)
        fail(address);
    if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) < 0)
        fail(address);
    return fd;
}

static void send_all(int fd, uint64_t count)
{
    static char payload[PAYLOAD];
    struct iovec data = {.iov_base = payload, .iov_len = sizeof(payload)};
    struct mmsghdr messages[BATCH];

    for (unsigned i = 0; i < BATCH; i++)
        messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &data, .msg_iovlen = 1}};
    while (count > 0) {
        int sent = sendmmsg(fd, messages, count < BATCH ? (unsigned)count : BATCH, 0);

        if (sent < 0 && errno == EPERM)
            sent = 1;
        if (sent <= 0)
            fail("sendmmsg");
        count -= (uint64_t)sent;
    }
}

static uint64_t now_ns(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

int main(int argc, char *argv[])
{
    uint64_t count, wall, cpu;
    int fd;

    if (argc != 4)
        fail("flood PACKETS ADDRESS PORT");
    count = strtoull(argv[1], NULL, 10);
    fd = connected(argv[2], argv[3]);
    wall = now_ns(CLOCK_MONOTONIC);
    cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID);
    send_all(fd, count);
    cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    wall = now_ns(CLOCK_MONOTONIC) - wall;
    printf("%.1f %.1f\n", (double)wall / (double)count, (double)cpu / (double)count);
    return 0;
}
