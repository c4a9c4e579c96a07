/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Packets of the tests of terminal/, from digits. */

#include <string.h>

#include "base/character.h"
#include "base/packet/packet.h"

enum { PACKET_TEST_SIZE = 256 };

/* Pairs of hexadecimal digits; blanks between them are for people. */
static inline size_t bytes_of(const char *digits, uint8_t bytes[PACKET_TEST_SIZE])
{
    size_t size = 0;

    for (const char *at = digits; *at; at++) {
        if (*at == ' ')
            continue;
        bytes[size++] = (uint8_t)(hex_value(at[0]) << 4 | hex_value(at[1]));
        at++;
    }
    return size;
}

/* Whole Ethernet frames, but for the bytes that `more` stands for. */
static inline struct packet frame_of(const char *digits, size_t more, uint8_t bytes[PACKET_TEST_SIZE])
{
    size_t size = bytes_of(digits, bytes);

    return (struct packet){.data = bytes, .size = size, .length = size + more, .link_type = PACKET_ETHERNET};
}
