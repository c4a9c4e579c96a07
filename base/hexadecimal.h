/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Reads hexadecimal numbers as /proc writes them: 32-bit counters "%08x", addresses "%016lx". Pure. */

#include <stdbool.h>
#include <stdint.h>

#include "base/character.h"

/* Reads the digits at *at, before `end`, and moves *at past them. Returns false if there is no digit or there
 * are more than `most` (at most 16), and then changes neither *at nor *ret_value. */
static inline bool hexadecimal(const char **at, const char *end, unsigned most, uint64_t *ret_value)
{
    const char *digit = *at;
    uint64_t value = 0;

    for (; digit < end && hex_value(*digit) >= 0 && !is_upper(*digit); digit++)
        value = value << 4 | (uint64_t)hex_value(*digit);
    if (digit == *at || digit - *at > most)
        return false;
    *at = digit;
    *ret_value = value;
    return true;
}

static inline bool hexadecimal_uint32(const char **at, const char *end, uint32_t *ret_value)
{
    uint64_t value;

    if (!hexadecimal(at, end, 8, &value))
        return false;
    *ret_value = (uint32_t)value;
    return true;
}
