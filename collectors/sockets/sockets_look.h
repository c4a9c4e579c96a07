/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Looks at all sockets again and again, and adds what is new to their ports. sockets.c says what the kernel
 * leaves out, and which sockets are looked at how often. The collector's own thread.
 */

#include <stdbool.h>

#include "collectors/sockets/socket_drops.h"
#include "collectors/sockets/socket_owners.h"
#include "collectors/sockets/socket_ports.h"
#include "collectors/sockets/sockets_dump.h"

struct sockets_look {
    struct sockets_dump dump;
    struct limits *limits; /* borrowed */
    bool label_workload;
    uint64_t rest_ns; /* CLOCK_BOOTTIME: when to look at the rest, if they are many */
    unsigned rest;    /* how many the last look at them found */

    int (*take)(struct sockets_look *look,
                const struct socket_report *report); /* gets each service of the present dump */

    struct socket_drops drops;
    struct socket_ports udp;
    struct socket_ports listeners;
    struct socket_owners owners; /* zeroed: workloads have no rows */
    size_t hint;
};

/* A look: begin, then UDP sockets, then listeners. The last two return 0, -ENOENT if the kernel has no
 * sock_diag for the protocol, or another negative errno. */
void sockets_look_begin(struct sockets_look *look);
int sockets_look_udp(struct sockets_look *look, struct fault *fault);
int sockets_look_listeners(struct sockets_look *look, struct fault *fault);

/* Frees everything. Accepts a zeroed struct. */
void sockets_look_done(struct sockets_look *look);
