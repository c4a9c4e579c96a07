/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Remembers how many drops of each socket are already counted. The kernel's counter belongs to a socket and
 * ends with it; ours belongs to a port and stays, so only new drops may be added. Sockets that never dropped
 * need no place here, and most never do. Pure memory, one thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"

/* Whose drops count: those of a service do, what a client dropped is but remembered, so that it is the past
 * of the service that it may become. */
enum socket_role { SOCKET_SERVICE, SOCKET_CLIENT };

/* There are looks at services, and looks at the rest, which come much less often. */
enum sockets_kind { SOCKETS_SERVICES, SOCKETS_REST, SOCKETS_KINDS };

struct socket_drop {
    uint64_t cookie;
    uint32_t drops;        /* of the socket, when it was last seen */
    uint32_t round;        /* of looks of that kind */
    enum socket_role role; /* that it had then */
    bool rest;             /* a look at the rest saw it */
};

struct socket_drops {
    struct socket_drop *items;
    size_t count;
    size_t capacity;
    struct hash_index index; /* the items by their cookie */
    uint32_t rounds[SOCKETS_KINDS];
    enum sockets_kind kind; /* of the look going on */
    bool opening;           /* set by the owner: what those not known have dropped is of before */
    bool full;              /* there was no room in this look */
};

void socket_drops_done(struct socket_drops *drops); /* accepts a zeroed struct */

/* Begins a new look. */
void socket_drops_begin(struct socket_drops *drops, enum sockets_kind kind);

/*
 * Tells how many of a socket's drops are new and count. Those of a client do not, nor those of a socket that
 * was a client when it was last seen. A socket may be told of any number of times, also within a look. One
 * that is not told of is remembered for a few more looks of its kind at least, because a dump may miss a
 * socket that is there; how likely that is depends on the number of looks, however far apart they are.
 * Returns 0, -ENOSPC if so many sockets drop that there is no room to remember another, or -ENOMEM. After a
 * failure the drops are not told, and will be when there is room.
 */
int socket_drops_take(struct socket_drops *drops, uint64_t cookie, uint32_t count, enum socket_role role,
                      uint32_t *ret_new);
