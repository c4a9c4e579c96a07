/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Reads what sock_diag says about one socket, and makes the filter that the kernel applies for us. Pure: no
 * system call, no allocation.
 */

#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>

enum { SOCKETS_FILTER_SIZE = 16, SOCKETS_FILTER_REST_SIZE = 12 };

struct socket_report {
    uint64_t cookie; /* names the socket among all there ever are */
    uint16_t port;   /* local, in host order */
    bool ipv6;       /* the socket's; it may take IPv4 too */
    bool connected;  /* of UDP */
    bool has_drops;
    uint32_t drops;          /* sk_drops: rises modulo 2^32 from 0 at the socket's birth */
    uint32_t receive_buffer; /* sk_rcvbuf; 0 if it was not told */
    uint32_t queue_length; /* of a listener: connections that wait to be accepted; of UDP: bytes that wait */
    uint32_t queue_limit;  /* of a listener: as told to listen(), cut to net.core.somaxconn; of UDP: bytes to
                              be sent */
    uint64_t cgroup_id;    /* in which it was made; 0 if none, or before Linux 5.8 */
    uint32_t workload;     /* of the reader, not of the message: whose that is (socket_owners.h) */
};

/* Returns 0, -ENODATA if it is another message, or -EBADMSG if it makes no sense. */
int sockets_parse(const struct nlmsghdr *message, struct socket_report *ret_report);

/* Writes bytecode for INET_DIAG_REQ_BYTECODE that lets through sockets whose program chose the port, up to
 * the highest. */
void sockets_filter(uint16_t highest_port, uint8_t filter[SOCKETS_FILTER_SIZE]);

/* Lets through exactly the others. */
void sockets_filter_rest(uint16_t highest_port, uint8_t filter[SOCKETS_FILTER_REST_SIZE]);
