/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Numbers from one kind into another where the other may not hold them: what is too large becomes the
 * greatest there is, what is below zero or no number becomes 0. C leaves such a conversion of a double
 * undefined, and a product of integers wraps: a date of the year 2574 became one of 1989 in nanoseconds.
 * Pure.
 */

#include <stdint.h>

/* To the nearest whole number. */
static inline uint64_t uint64_from_double(double value)
{
    if (!(value >= 0.5)) /* NAN too */
        return 0;
    return value < 0x1p64 - 0x1p11 ? (uint64_t)(value + 0.5) : UINT64_MAX;
}

static inline uint64_t uint64_product(uint64_t a, uint64_t b)
{
    uint64_t product;

    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}
