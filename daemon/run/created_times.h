/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Remembers since when each row of a collector's snapshots has counted, if rows come and go (from_zero in
 * struct metric). A row that the snapshot before did not have was 0 when that snapshot was collected. Rows of
 * the first snapshot may be older, and so may rows whose labels changed when the collector was reopened: of
 * them it is known only that they were 0 when counting began. A row keeps its time while it exists.
 *
 * A time says only that the row was 0 then: it may be earlier than necessary, but never later than the first
 * packet. The collector's thread. A snapshot with the same rows as before allocates nothing.
 *
 * Times are kept in CLOCK_BOOTTIME and shown as the time of day by the present clock. If the clock is set (a
 * host without a clock of its own starts in 1970, one with a wrong time zone in the future), every time moves
 * with it at the next snapshot. Prometheus stores samples at its own time, and inserts a 0 at our time if
 * that lies between two samples: a time that stayed in the future would make a row seem to start again, and
 * one in 1970 would say nothing. A time that moves to the right clock lies before the first sample, and does
 * no harm. A slewed clock also slews CLOCK_BOOTTIME.
 */

#include <stdint.h>

#include "base/table/snapshot.h"

struct created_times;

struct created_times *created_times_new(void);                         /* returns NULL if memory runs out */
struct created_times *created_times_free(struct created_times *times); /* accepts NULL, returns NULL */

/* Adds the times to a snapshot that is about to be published, at `realtime_ns`. `tried_ns` (CLOCK_BOOTTIME)
 * is when the collector was first tried; counting began then unless the snapshot knows better. Accepts NULL.
 * If memory runs out, a table has no times until there is some. */
void created_times_put(struct created_times *times, struct snapshot *snapshot, uint64_t tried_ns,
                       uint64_t realtime_ns);
