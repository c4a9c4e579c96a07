/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Durations as people write them: one whole number and one unit, "500ms", "10s", "1m", "2h". Pure.
 */

#include <stdint.h>

enum { DURATION_TEXT_MAX = 32 };

/* Returns the nanoseconds of a unit, or 0 if there is no unit of that name. */
uint64_t duration_unit(const char *name);

/* Writes a duration in the largest unit that is exact. `ns` is a whole number of milliseconds. */
void duration_text(uint64_t ns, char text[DURATION_TEXT_MAX]);
