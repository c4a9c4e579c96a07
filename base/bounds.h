/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Converts and multiplies numbers whose result may not fit: too large a result becomes the largest number
 * there is, a negative one or NaN becomes 0. C leaves such a conversion of a double undefined, and lets a
 * product of integers wrap: a date of the year 2574 once became one of 1989 in nanoseconds. Pure.
 */

#include <stdint.h>

/* Rounds to the nearest whole number. */
static inline uint64_t uint64_from_double(double value)
{
    if (!(value >= 0.5)) /* NaN too */
        return 0;
    return value < 0x1p64 - 0x1p11 ? (uint64_t)(value + 0.5) : UINT64_MAX;
}

static inline uint64_t uint64_product(uint64_t a, uint64_t b)
{
    uint64_t product;

    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}
