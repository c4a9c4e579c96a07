/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * When a collector that nobody asks collects next: at its interval, and more often while packets are lost, in
 * times that divide each other and common scrape intervals. Also when opening it is retried.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

/* While packets are lost, an interval between these two is cut to the smaller. A longer one is the user's
 * wish. */
#define PACE_CALM_NS  (15 * NS_PER_SECOND)
#define PACE_HURRY_NS (5 * NS_PER_SECOND)

/* A collection that takes longer than this is not made more often: the limit is a thousandth of the time. */
#define PACE_CHEAP_NS (PACE_HURRY_NS / 1000)

static inline bool pace_hurries(uint64_t interval_ns)
{
    return interval_ns > PACE_HURRY_NS && interval_ns <= PACE_CALM_NS;
}

/* Returns the time from one collection to the next, given how long the last one took. */
static inline uint64_t pace_interval_ns(uint64_t interval_ns, uint64_t took_ns, bool hurry)
{
    return hurry && pace_hurries(interval_ns) && took_ns <= PACE_CHEAP_NS ? PACE_HURRY_NS : interval_ns;
}

/* Returns the next time on the grid of intervals. Missed times (a slow call, a suspend) are skipped. */
static inline uint64_t pace_next_ns(uint64_t due_ns, uint64_t interval_ns, uint64_t now_ns)
{
    due_ns += interval_ns;
    return due_ns > now_ns ? due_ns : now_ns + interval_ns - (now_ns - due_ns) % interval_ns;
}

#define PACE_BACKOFF_MIN_NS (1 * NS_PER_SECOND)
#define PACE_BACKOFF_MAX_NS (60 * NS_PER_SECOND)

/* Returns the time to the next attempt to open it, which doubles each time. `last_ns` is 0 at the first. */
static inline uint64_t pace_backoff_ns(uint64_t last_ns)
{
    uint64_t backoff_ns = last_ns ? last_ns * 2 : PACE_BACKOFF_MIN_NS;

    return backoff_ns < PACE_BACKOFF_MAX_NS ? backoff_ns : PACE_BACKOFF_MAX_NS;
}
