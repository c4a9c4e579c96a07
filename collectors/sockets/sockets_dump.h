/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The questions of the sockets collector to sock_diag, and their answers, one socket after another. The
 * collector's own thread. */

#include "base/fault.h"
#include "base/limits.h"
#include "collectors/kernel/netlink.h"
#include "collectors/sockets/sockets_parse.h"

struct sockets_dump {
    struct netlink netlink;
    struct nl_msg *services; /* a question that the kernel filters the answers to */
    struct nl_msg *rest;     /* for those that the other leaves out */

    /* Of the dump going on: where its answers go. */
    int (*take)(void *data, const struct socket_report *report);
    void *data;
};

int sockets_dump_open(struct sockets_dump *dump, uint16_t highest_port, struct limits *limits,
                      struct fault *fault);
void sockets_dump_close(struct sockets_dump *dump); /* accepts a zeroed struct */

/* Gives all sockets of the protocol, of both IP versions, for which that question asks, to `take`: some of
 * them twice if the kernel's answer was torn. Returns 0, -ENOENT if the kernel has no sock_diag of the
 * protocol, or another negative errno. */
int sockets_dump_ask(struct sockets_dump *dump, struct nl_msg *question, int protocol, struct fault *fault);
