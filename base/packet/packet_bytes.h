/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Reads a packet header by header: the kept bytes that are left, and how long the rest of the packet was.
 * Pure.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/packet/packet.h"

struct packet_bytes {
    const uint8_t *data;
    size_t size;
    size_t length; /* not less than `size` */
    bool prefixes; /* as the packet's */
};

static inline struct packet_bytes packet_bytes(const struct packet *packet)
{
    return (struct packet_bytes){
        .data = packet->data, .size = packet->size, .length = packet->length, .prefixes = packet->prefixes};
}

/* Returns the next `size` bytes and moves past them. Returns NULL and moves nothing if they were not kept. */
static inline const uint8_t *packet_take(struct packet_bytes *bytes, size_t size)
{
    const uint8_t *taken = bytes->data;

    if (bytes->size < size)
        return NULL;
    bytes->data += size;
    bytes->size -= size;
    bytes->length -= size;
    return taken;
}

/* Ends the packet after `length` bytes: the rest is padding. Does nothing if the packet is shorter. */
static inline void packet_end(struct packet_bytes *bytes, size_t length)
{
    if (length < bytes->length)
        bytes->length = length;
    if (bytes->length < bytes->size)
        bytes->size = bytes->length;
}

static inline unsigned packet_u16(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

static inline unsigned packet_u32(const uint8_t *at)
{
    return packet_u16(at) << 16 | packet_u16(at + 2);
}
