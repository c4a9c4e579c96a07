/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Sums over parts that come and go: the queues of a NIC, say. A reader takes a sum that steps back for a
 * counter that began anew, and counts all of it once more. So what a part had counted stays in the sum when
 * the part goes, and when it alone begins anew (one queue was made again). It goes on from there when the
 * part comes back and goes on itself.
 *
 * Where every part that had counted anything begins anew, their owner was reset, and the sum begins anew with
 * them, as the owner's other counters do: nothing of the time before is kept, not of parts that are gone
 * either. A part that stands at 0 bears no witness.
 *
 * What a part counted between its last reading and its going is not known, unless it comes back.
 *
 * Values are counters modulo 2^64. The owner keeps one struct for each part, also while the part is gone, and
 * bounds how many there are. Pure.
 */

#include <stdbool.h>
#include <stdint.h>

/* One part of one sum. Zeroed: a part that was never seen. */
struct sum_part {
    uint64_t last;  /* what it said when it was last there */
    uint64_t carry; /* what is added to that: its earlier lives */
};

/* What the parts that are there tell of their sum, this time. Zeroed: nothing yet. */
struct sum_signs {
    bool goes_on;
    bool restarted;
};

/* What a part says adds to the sum, where no part says less than before. */
static inline uint64_t sum_add(struct sum_part *part, uint64_t value)
{
    part->last = value;
    return part->carry + value;
}

/* A sum whose only part this is: it is what the part says, since it began anew if it did. */
static inline uint64_t sum_alone(struct sum_part *part, uint64_t value)
{
    if (value < part->last)
        part->carry = 0;
    return sum_add(part, value);
}

/* A round: first a look at every part that is there ... */
static inline void sum_look(struct sum_signs *signs, const struct sum_part *part, uint64_t value)
{
    signs->goes_on |= part->last > 0 && value >= part->last;
    signs->restarted |= value < part->last;
}

/* ... then what each of them adds to the sum, ... */
static inline uint64_t sum_take(struct sum_part *part, const struct sum_signs *signs, uint64_t value)
{
    if (signs->restarted && !signs->goes_on)
        part->carry = 0;
    else if (value < part->last)
        part->carry += part->last;
    return sum_add(part, value);
}

/* ... and what those add that are gone. */
static inline uint64_t sum_take_gone(struct sum_part *part, const struct sum_signs *signs)
{
    if (signs->restarted && !signs->goes_on)
        part->carry = -part->last;
    return part->carry + part->last;
}
