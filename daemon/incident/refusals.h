/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Remembers how much rules refused in the last day, so that the usual is not reported as news: the greatest
 * rate of each hour, by direction. Pure memory; one thread.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/table/meaning.h"

enum { REFUSALS_HOURS = 24 };

struct refusals {
    uint64_t start_ns;
    uint64_t hour; /* since the start, the one that `greatest` ends with */
    double greatest[DIRECTION_COUNT][REFUSALS_HOURS];
};

/* Notes the refused packets per second in each direction at `now_ns` (CLOCK_BOOTTIME, as `start_ns`). */
void refusals_note(struct refusals *refusals, const double *rates, uint64_t now_ns);

/* Returns true from the second hour on. */
bool refusals_known(const struct refusals *refusals);

/* Returns the greatest rate of a direction in the hours before this one. */
double refusals_greatest(const struct refusals *refusals, enum direction direction);
