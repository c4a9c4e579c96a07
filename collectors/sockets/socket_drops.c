/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/sockets/socket_drops.h"

/* See socket_drops.h. Runs on the collector's thread. */

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/array.h"

enum {
    COUNT_MAX = 256 * 1024, /* sockets that drop: 8 MiB */
    KEEP_ROUNDS = 8,
};

void socket_drops_done(struct socket_drops *drops)
{
    free(drops->items);
    hash_index_done(&drops->index);
    *drops = (struct socket_drops){};
}

void socket_drops_begin(struct socket_drops *drops)
{
    drops->round++;
}

static uint64_t cookie_hash(uint64_t cookie)
{
    return hash_word(HASH_EMPTY, cookie);
}

/* Forgets the sockets that were not seen for long. */
static void forget_old(struct socket_drops *drops)
{
    size_t kept = 0;

    hash_index_clear(&drops->index);
    for (size_t i = 0; i < drops->count; i++) {
        if ((int32_t)(drops->round - drops->items[i].round) > KEEP_ROUNDS)
            continue;
        (void)hash_index_add(&drops->index, cookie_hash(drops->items[i].cookie),
                             kept); /* its room is there */
        drops->items[kept++] = drops->items[i];
    }
    drops->count = kept;
}

static int make_room(struct socket_drops *drops)
{
    if (drops->count < drops->capacity)
        return 0;
    /* To look for room again and again within a round would find none. */
    if (drops->round == drops->full_round)
        return -ENOSPC;
    forget_old(drops);
    if (drops->count < drops->capacity / 2)
        return 0;
    if (drops->capacity < COUNT_MAX)
        return array_grow(drops->items, drops->capacity, drops->capacity);
    if (drops->count < drops->capacity)
        return 0;
    drops->full_round = drops->round;
    return -ENOSPC;
}

static int insert(struct socket_drops *drops, const struct socket_drop *drop)
{
    int error = make_room(drops);

    if (error == 0)
        error = hash_index_add(&drops->index, cookie_hash(drop->cookie), drops->count);
    if (error == 0)
        drops->items[drops->count++] = *drop;
    return error;
}

int socket_drops_take(struct socket_drops *drops, uint64_t cookie, uint32_t count, uint32_t *ret_new)
{
    const struct socket_drop now = {.cookie = cookie, .drops = count, .round = drops->round + drops->ahead};
    size_t known =
        hash_index_find(&drops->index, cookie_hash(cookie), item, drops->items[item].cookie == cookie);
    int error = 0;

    if (known != HASH_NONE) {
        uint32_t moved = count - drops->items[known].drops;

        /* 2^31 drops between two looks cannot be: that is a step back. */
        *ret_new = moved <= INT32_MAX ? moved : 0;
        drops->items[known] = now;
        return 0;
    }
    if (count > 0)
        error = insert(drops, &now);
    if (error == 0)
        *ret_new = count;
    return error;
}
