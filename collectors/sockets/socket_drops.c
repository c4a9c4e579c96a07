/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/sockets/socket_drops.h"

/* See socket_drops.h. Runs on the collector's thread. */

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

enum {
    CAPACITY_MIN = 1024,
    CAPACITY_MAX = 512 * 1024, /* 8 MiB: sockets that drop, twice */
    KEEP_ROUNDS = 8,
};

void socket_drops_done(struct socket_drops *drops)
{
    free(drops->slots);
    *drops = (struct socket_drops){};
}

void socket_drops_begin(struct socket_drops *drops)
{
    drops->round++;
}

/* The slot where the socket is, or belongs. Cookies are numbers in a row: the product spreads them. */
static struct socket_drop *find_slot(struct socket_drop *slots, size_t capacity, uint64_t cookie)
{
    for (uint64_t i = cookie * UINT64_C(0x9e3779b97f4a7c15) >> 32;; i++) {
        struct socket_drop *slot = &slots[i & (capacity - 1)];

        if (slot->cookie == cookie || slot->cookie == 0)
            return slot;
    }
}

static bool is_kept(const struct socket_drops *drops, const struct socket_drop *slot)
{
    return slot->cookie && drops->round - slot->round <= KEEP_ROUNDS;
}

/* Forgets the sockets that were not seen for long, and makes as much room as the others need. */
static int rebuild(struct socket_drops *drops)
{
    size_t kept = 0, capacity = CAPACITY_MIN;
    struct socket_drop *slots;

    for (size_t i = 0; i < drops->capacity; i++)
        kept += is_kept(drops, &drops->slots[i]);
    while (capacity < CAPACITY_MAX && capacity < 4 * (kept + 1))
        capacity *= 2;
    if (capacity < 2 * (kept + 1)) {
        drops->full_round = drops->round;
        return -ENOSPC;
    }
    slots = calloc(capacity, sizeof(*slots));
    if (!slots)
        return -ENOMEM;
    for (size_t i = 0; i < drops->capacity; i++)
        if (is_kept(drops, &drops->slots[i]))
            *find_slot(slots, capacity, drops->slots[i].cookie) = drops->slots[i];
    free(drops->slots);
    drops->slots = slots;
    drops->capacity = capacity;
    drops->count = kept;
    return 0;
}

static int insert(struct socket_drops *drops, const struct socket_drop *drop)
{
    if (2 * (drops->count + 1) > drops->capacity) {
        /* To look for room again and again within a round would find none. */
        int error = drops->round == drops->full_round ? -ENOSPC : rebuild(drops);

        if (error < 0)
            return error;
    }
    *find_slot(drops->slots, drops->capacity, drop->cookie) = *drop;
    drops->count++;
    return 0;
}

int socket_drops_take(struct socket_drops *drops, uint64_t cookie, uint32_t count, uint32_t *ret_new)
{
    const struct socket_drop now = {.cookie = cookie, .drops = count, .round = drops->round};
    struct socket_drop *slot = drops->capacity ? find_slot(drops->slots, drops->capacity, cookie) : NULL;
    int error;

    if (slot && slot->cookie) {
        /* 2^31 drops between two looks cannot be: that is a step back. */
        *ret_new = count - slot->drops <= INT32_MAX ? count - slot->drops : 0;
        *slot = now;
        return 0;
    }
    if (count > 0) {
        error = insert(drops, &now);
        if (error < 0)
            return error;
    }
    *ret_new = count;
    return 0;
}
