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

/* Drops of a service count. Those of a client are only remembered: if it becomes a service, they are its
 * past. */
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
    bool opening;           /* set by the owner: what unknown sockets have dropped is old */
    bool full;              /* there was no room in this look */
};

void socket_drops_done(struct socket_drops *drops); /* accepts a zeroed struct */

/* Begins a new look. */
void socket_drops_begin(struct socket_drops *drops, enum sockets_kind kind);

/*
 * Finds how many drops of a socket are new and count. Drops of a client do not count, nor do those of a
 * socket that was a client when it was last seen. A socket may be reported any number of times, also within
 * a look. One that is not reported is remembered for at least a few more looks of its kind, because a dump
 * may miss a socket that exists; how likely that is depends on the number of looks, not on the time between
 * them. Returns 0, -ENOSPC if so many sockets drop that no other can be remembered, or -ENOMEM. After a
 * failure the drops are not lost: they count once there is room.
 */
int socket_drops_take(struct socket_drops *drops, uint64_t cookie, uint32_t count, enum socket_role role,
                      uint32_t *ret_new);
