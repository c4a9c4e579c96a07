/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * To whom a connection counts: for the network, to the address; for the local socket, to the user. Any
 * thread.
 */

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "daemon/http/rights.h"

/* A connecting client. */
struct newcomer {
    enum share share;
    const struct sockaddr *address;
    int fd; /* -1 if not known yet, and then a local user is not known either */
};

struct owner {
    enum share share;
    uid_t user;              /* SHARE_LOCAL */
    struct in6_addr address; /* SHARE_NETWORK; IPv4 as ::ffff:a.b.c.d, as a dual-stack socket reports it */
};

struct owner owner_of(const struct newcomer *newcomer);
bool owner_equal(const struct owner *a, const struct owner *b);
