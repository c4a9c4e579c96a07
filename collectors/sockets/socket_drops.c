/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/sockets/socket_drops.h"

/* Remembers how many drops of each socket are already counted. The collector's thread. */

#include <errno.h>
#include <stdlib.h>

#include "base/array.h"

enum {
    COUNT_MAX = 256 * 1024, /* sockets that drop: 10 MiB */
};

/* So many looks in a row may miss a socket before it is forgotten. */
static const uint32_t keep[SOCKETS_KINDS] = {[SOCKETS_SERVICES] = 8, [SOCKETS_REST] = 2};

void socket_drops_done(struct socket_drops *drops)
{
    free(drops->items);
    hash_index_done(&drops->index);
    *drops = (struct socket_drops){};
}

void socket_drops_begin(struct socket_drops *drops, enum sockets_kind kind)
{
    drops->kind = kind;
    drops->rounds[kind]++;
    drops->full = false;
}

static uint64_t cookie_hash(uint64_t cookie)
{
    return hash_word(HASH_EMPTY, cookie);
}

static bool is_old(const struct socket_drops *drops, const struct socket_drop *drop)
{
    enum sockets_kind kind = drop->rest ? SOCKETS_REST : SOCKETS_SERVICES;

    return drops->rounds[kind] - drop->round > keep[kind];
}

/* Forgets the sockets that were not seen for long. */
static void forget_old(struct socket_drops *drops)
{
    size_t kept = 0;

    hash_index_clear(&drops->index);
    for (size_t i = 0; i < drops->count; i++) {
        if (is_old(drops, &drops->items[i]))
            continue;
        (void)hash_index_add(&drops->index, cookie_hash(drops->items[i].cookie),
                             kept); /* cannot fail: room is reserved */
        drops->items[kept++] = drops->items[i];
    }
    drops->count = kept;
}

static int make_room(struct socket_drops *drops)
{
    if (drops->count < drops->capacity)
        return 0;
    /* Trying again within the same look would not help. */
    if (drops->full)
        return -ENOSPC;
    forget_old(drops);
    if (drops->count < drops->capacity / 2)
        return 0;
    if (drops->capacity < COUNT_MAX)
        return array_grow(drops->items, drops->capacity, drops->capacity);
    if (drops->count < drops->capacity)
        return 0;
    drops->full = true;
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

int socket_drops_take(struct socket_drops *drops, uint64_t cookie, uint32_t count, enum socket_role role,
                      uint32_t *ret_new)
{
    const struct socket_drop now = {.cookie = cookie,
                                    .drops = count,
                                    .round = drops->rounds[drops->kind],
                                    .role = role,
                                    .rest = drops->kind == SOCKETS_REST};
    size_t known =
        hash_index_find(&drops->index, cookie_hash(cookie), item, drops->items[item].cookie == cookie);
    int error = 0;

    if (known != HASH_NONE) {
        const struct socket_drop *last = &drops->items[known];
        uint32_t moved = count - last->drops;
        bool counts = role == SOCKET_SERVICE && last->role == SOCKET_SERVICE;

        /* 2^31 drops between two looks are impossible: the count went back. */
        *ret_new = counts && moved <= INT32_MAX ? moved : 0;
        drops->items[known] = now;
        return 0;
    }
    if (count > 0)
        error = insert(drops, &now);
    if (error == 0)
        *ret_new = role == SOCKET_SERVICE && !drops->opening ? count : 0;
    return error;
}
