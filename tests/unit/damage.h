/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What every parser must survive: captured bytes cut short at every byte, and with every byte damaged. Each
 * variant is a block of memory of exactly its size, so that the sanitizers see one byte too far.
 */

#include <string.h>

#include "collectors/kernel/netlink_parse.h"
#include "tests/unit/netlink_bytes.h"

static inline struct bytes bytes_copy(const void *data, size_t size)
{
    struct bytes copy = {.data = malloc(size ? size : 1), .size = size};

    assert_non_null(copy.data);
    if (size)
        memcpy(copy.data, data, size);
    return copy;
}

/* Every prefix, from nothing to the whole. */
static inline void each_prefix(const void *data, size_t size,
                               void (*take)(const struct bytes *bytes, void *context), void *context)
{
    for (size_t cut = 0; cut <= size; cut++) {
        struct bytes bytes = bytes_copy(data, cut);

        take(&bytes, context);
        bytes_done(&bytes);
    }
}

/* The whole with one byte changed: any of its bits, or all. */
static inline void each_damage(const void *data, size_t size,
                               void (*take)(const struct bytes *bytes, void *context), void *context)
{
    static const unsigned char changes[] = {0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff};

    for (size_t at = 0; at < size; at++) {
        for (size_t i = 0; i < sizeof(changes); i++) {
            struct bytes bytes = bytes_copy(data, size);

            bytes.data[at] = (char)(bytes.data[at] ^ changes[i]);
            take(&bytes, context);
            bytes_done(&bytes);
        }
    }
}

/* Who is given the netlink messages. */
struct message_taker {
    int (*take)(const struct nlmsghdr *message, void *data);
    void *data;
};

static inline void take_damaged_message(const struct bytes *bytes, void *context)
{
    const struct message_taker *taker = context;

    (void)netlink_walk(bytes->data, bytes->size, taker->take, taker->data);
}

static inline void take_cut_message(const struct bytes *bytes, void *context)
{
    if (bytes->size >= sizeof(struct nlmsghdr))
        ((struct nlmsghdr *)(void *)bytes->data)->nlmsg_len = (uint32_t)bytes->size;
    take_damaged_message(bytes, context);
}

/* Gives the message to the taker, cut so that it says so itself, and damaged as far as it still is one. */
static inline int damage_message(const struct nlmsghdr *message, void *taker)
{
    each_prefix(message, message->nlmsg_len, take_cut_message, taker);
    each_damage(message, message->nlmsg_len, take_damaged_message, taker);
    return 0;
}

/* The same for every message of a captured file. */
static inline void damage_captured(const char *name, struct message_taker taker)
{
    struct bytes bytes = captured(name);

    assert_int_equal(netlink_walk(bytes.data, bytes.size, damage_message, &taker), 0);
    bytes_done(&bytes);
}
