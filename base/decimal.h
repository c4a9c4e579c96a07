/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Reads decimal numbers as /proc writes them, exactly: a number that does not fit into 64 bits is an error,
 * and is never wrapped or clamped. Pure.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/character.h"

/* Reads the digits at *at, before `end`, and moves *at past them. Returns false if there is no digit or the
 * number exceeds 2^64-1, and then changes neither *at nor *ret_value. */
static inline bool decimal_uint64(const char **at, const char *end, uint64_t *ret_value)
{
    const char *digit = *at;
    uint64_t value = 0;

    for (; digit < end && is_digit(*digit); digit++) {
        if (__builtin_mul_overflow(value, 10U, &value) ||
            __builtin_add_overflow(value, (uint64_t)digit_value(*digit), &value))
            return false;
    }
    if (digit == *at)
        return false;
    *at = digit;
    *ret_value = value;
    return true;
}
