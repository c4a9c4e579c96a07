/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "terminal/pcapng.h"

/*
 * Writes the blocks of a pcapng file. Pure; main thread. Numbers have the byte order of this machine; the
 * header of the section says which it is.
 */

#include <string.h>

enum {
    BLOCK_SECTION = 0x0a0d0d0a,
    BLOCK_INTERFACE = 1,
    BLOCK_PACKET = 6,
    BYTE_ORDER = 0x1a2b3c4d,
    VERSION = 1, /* version 1.0 */
    OPTION_END = 0,
    OPTION_COMMENT = 1,
    SECTION_APPLICATION = 4,
    INTERFACE_NAME = 2,
    INTERFACE_DESCRIPTION = 3,
    INTERFACE_RESOLUTION = 9,
    NANOSECONDS = 9, /* ten to the power of minus nine */
    OPTION_MAX = 0xfff0,
};

static void put_u16(struct buffer *out, uint16_t value)
{
    buffer_append(out, &value, sizeof(value));
}

static void put_u32(struct buffer *out, uint32_t value)
{
    buffer_append(out, &value, sizeof(value));
}

/* Writes bytes, and zeros up to a multiple of four. */
static void put_padded(struct buffer *out, const void *data, size_t size)
{
    static const char zeros[sizeof(uint32_t)];

    buffer_append(out, data, size);
    buffer_append(out, zeros, (sizeof(zeros) - size % sizeof(zeros)) % sizeof(zeros));
}

static void put_option(struct buffer *out, uint16_t code, const void *data, size_t size)
{
    if (size > OPTION_MAX)
        size = OPTION_MAX;
    put_u16(out, code);
    put_u16(out, (uint16_t)size);
    put_padded(out, data, size);
}

static void put_text(struct buffer *out, uint16_t code, const char *text)
{
    if (*text)
        put_option(out, code, text, strlen(text));
}

/* Writes the head of a block. Its length is filled in at the end. */
static size_t block_begin(struct buffer *out, uint32_t type)
{
    size_t begin = out->size;

    put_u32(out, type);
    put_u32(out, 0);
    return begin;
}

static void block_end(struct buffer *out, size_t begin)
{
    uint32_t size;

    put_u16(out, OPTION_END);
    put_u16(out, 0);
    size = (uint32_t)(out->size - begin + sizeof(size));
    put_u32(out, size);
    if (!out->error)
        memcpy(out->data + begin + sizeof(uint32_t), &size, sizeof(size));
}

void pcapng_section(const char *application, struct buffer *out)
{
    static const uint64_t unknown_length = UINT64_MAX;
    size_t begin = block_begin(out, BLOCK_SECTION);

    put_u32(out, BYTE_ORDER);
    put_u16(out, VERSION);
    put_u16(out, 0);
    buffer_append(out, &unknown_length, sizeof(unknown_length));
    put_text(out, SECTION_APPLICATION, application);
    block_end(out, begin);
}

void pcapng_interface(const char *name, const char *description, unsigned link_type, struct buffer *out)
{
    static const uint8_t resolution = NANOSECONDS;
    size_t begin = block_begin(out, BLOCK_INTERFACE);

    put_u16(out, (uint16_t)link_type);
    put_u16(out, 0);
    put_u32(out, 0); /* no limit on the bytes of a packet */
    put_text(out, INTERFACE_NAME, name);
    put_text(out, INTERFACE_DESCRIPTION, description);
    put_option(out, INTERFACE_RESOLUTION, &resolution, sizeof(resolution));
    block_end(out, begin);
}

void pcapng_packet(uint32_t interface, uint64_t time_ns, const struct packet *packet, const char *comment,
                   struct buffer *out)
{
    size_t begin = block_begin(out, BLOCK_PACKET);

    put_u32(out, interface);
    put_u32(out, (uint32_t)(time_ns >> 32));
    put_u32(out, (uint32_t)time_ns);
    put_u32(out, (uint32_t)packet->size);
    put_u32(out, (uint32_t)packet->length);
    put_padded(out, packet->data, packet->size);
    put_text(out, OPTION_COMMENT, comment);
    block_end(out, begin);
}
