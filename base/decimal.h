/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Decimal numbers as /proc writes them, read exactly: what does not fit into 64 bits is an error, never a
 * wrapped or clamped value. Pure.
 */

#include <stdbool.h>
#include <stdint.h>

/* Reads the digits at *at, before `end`, and moves *at behind them. False where there is no digit or the
 * number is above 2^64-1; *at then stays and *ret_value is untouched. */
static inline bool decimal_uint64(const char **at, const char *end, uint64_t *ret_value)
{
    const char *digit = *at;
    uint64_t value = 0;

    for (; digit < end && (unsigned char)(*digit - '0') <= 9; digit++) {
        if (__builtin_mul_overflow(value, 10U, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*digit - '0'), &value))
            return false;
    }
    if (digit == *at)
        return false;
    *at = digit;
    *ret_value = value;
    return true;
}
