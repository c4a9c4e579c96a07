/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Sums over parts that come and go, such as the queues of a NIC. Prometheus takes a sum that decreases for a
 * counter that was reset, and counts all of it again. So the sum keeps what a part had counted when the part
 * goes away, and when that part alone starts again (one queue was made anew). If the part comes back and
 * continues, the sum continues too.
 *
 * If every part that had counted anything starts again, their owner was reset, and the sum starts again as
 * the owner's other counters do: nothing from before is kept, not even from parts that are gone. A part that
 * is 0 says nothing about this.
 *
 * What a part counted between its last reading and its end is not known, unless it comes back.
 *
 * Values are counters modulo 2^64. The owner keeps one struct for each part, even while the part is gone, and
 * limits their number. Pure.
 */

#include <stdbool.h>
#include <stdint.h>

/* One part of one sum. All 0 for a part that was never seen. */
struct sum_part {
    uint64_t last;  /* its value at its last reading */
    uint64_t carry; /* added to that: what it counted in earlier lives */
};

/* What the present parts say about their sum in this round. All 0 before the first. */
struct sum_signs {
    bool goes_on;
    bool restarted;
};

/* Returns what a part adds to the sum if no part decreased. */
static inline uint64_t sum_add(struct sum_part *part, uint64_t value)
{
    part->last = value;
    return part->carry + value;
}

/* Returns the same for a sum of this one part, which starts again when the part does. */
static inline uint64_t sum_alone(struct sum_part *part, uint64_t value)
{
    if (value < part->last)
        part->carry = 0;
    return sum_add(part, value);
}

/* A round: first look at every part that is present, ... */
static inline void sum_look(struct sum_signs *signs, const struct sum_part *part, uint64_t value)
{
    signs->goes_on |= part->last > 0 && value >= part->last;
    signs->restarted |= value < part->last;
}

/* ... then take what each of them adds to the sum, ... */
static inline uint64_t sum_take(struct sum_part *part, const struct sum_signs *signs, uint64_t value)
{
    if (signs->restarted && !signs->goes_on)
        part->carry = 0;
    else if (value < part->last)
        part->carry += part->last;
    return sum_add(part, value);
}

/* ... and what the parts add that are gone. */
static inline uint64_t sum_take_gone(struct sum_part *part, const struct sum_signs *signs)
{
    if (signs->restarted && !signs->goes_on)
        part->carry = -part->last;
    return part->carry + part->last;
}
