/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * How many drops of each socket are counted already. The kernel's number belongs to a socket and goes with
 * it; ours belongs to a port and stays, so that it has to be told what is new. Sockets that never dropped
 * need no place here, and most never do. Pure memory, one thread.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"

struct socket_drop {
    uint64_t cookie;
    uint32_t drops; /* of the socket, when it was last seen */
    uint32_t round; /* when that was; or will be, where it is looked at only now and then */
};

struct socket_drops {
    struct socket_drop *items;
    size_t count;
    size_t capacity;
    struct hash_index index; /* the items by their cookie */
    uint32_t round;
    uint32_t ahead;      /* set by the owner: rounds for which those told of now are left out */
    uint32_t full_round; /* in which there was no room */
};

void socket_drops_done(struct socket_drops *drops); /* accepts a zeroed one */

/* A new look at all sockets begins. */
void socket_drops_begin(struct socket_drops *drops);

/*
 * Tells how many of a socket's drops are new. A socket may be told of any number of times, also within a
 * round; one that is not told of is remembered for a few rounds more at least, because a dump may miss one
 * that is there. -ENOSPC where so many sockets drop that there is no room to remember another, -ENOMEM: the
 * drops are not told, and will be, where there is room later.
 */
int socket_drops_take(struct socket_drops *drops, uint64_t cookie, uint32_t count, uint32_t *ret_new);
