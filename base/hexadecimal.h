/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Hexadecimal numbers as /proc writes them: 32-bit counters "%08x", addresses "%016lx". Pure. */

#include <stdbool.h>
#include <stdint.h>

/* Reads the digits at *at, before `end`, and moves *at behind them. False where there is no digit or more
 * than `most`, which is 16 at most; *at then stays and *ret_value is untouched. */
static inline bool hexadecimal(const char **at, const char *end, unsigned most, uint64_t *ret_value)
{
    const char *digit = *at;
    uint64_t value = 0;

    for (; digit < end; digit++) {
        if (*digit >= '0' && *digit <= '9')
            value = value << 4 | (uint64_t)(*digit - '0');
        else if (*digit >= 'a' && *digit <= 'f')
            value = value << 4 | (uint64_t)(*digit - 'a' + 10);
        else
            break;
    }
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
