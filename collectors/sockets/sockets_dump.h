/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The sockets collector's requests to sock_diag, and the answers, one socket after another. The collector's
 * own thread. */

#include "base/fault.h"
#include "base/limits.h"
#include "collectors/kernel/netlink.h"
#include "collectors/sockets/sockets_parse.h"

struct sockets_dump {
    struct netlink netlink;
    struct nl_msg *services; /* request for services, filtered by the kernel */
    struct nl_msg *rest;     /* request for all other sockets */

    /* Gets each socket of the present dump. */
    int (*take)(void *data, const struct socket_report *report);
    void *data;
};

int sockets_dump_open(struct sockets_dump *dump, uint16_t highest_port, struct limits *limits,
                      struct fault *fault);
void sockets_dump_close(struct sockets_dump *dump); /* accepts a zeroed struct */

/* Passes all sockets of the protocol and of both IP versions that the request asks for to `take`. If sockets
 * come or go meanwhile, some may come twice. Returns 0, -ENOENT if the kernel has no sock_diag for the
 * protocol, or another negative errno. */
int sockets_dump_ask(struct sockets_dump *dump, struct nl_msg *question, int protocol, struct fault *fault);
