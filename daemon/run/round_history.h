/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * How long the last rounds of a collector took.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

/* One slow round may be due to a busy machine; so many in a row are not. */
enum { ROUNDS_REMEMBERED = 3 };

/* How long a round may take for somebody to wait for it. */
#define ROUND_SLOW_NS (NS_PER_SECOND / 20)

/* How much earlier a slow collector starts before somebody asks, besides a quarter of its own time. */
#define ROUND_LEAD_NS (NS_PER_SECOND / 50)

struct round_history {
    uint64_t took_ns[ROUNDS_REMEMBERED];
    unsigned next;
};

static inline void round_history_add(struct round_history *history, uint64_t took_ns)
{
    history->took_ns[history->next++ % ROUNDS_REMEMBERED] = took_ns;
}

/* Returns true if all of them took long: waiting for the collector would make each scrape late. */
static inline bool round_history_slow(const struct round_history *history)
{
    for (size_t i = 0; i < ROUNDS_REMEMBERED; i++)
        if (history->took_ns[i] <= ROUND_SLOW_NS)
            return false;
    return true;
}

/* Returns how long before a request the next round should begin. */
static inline uint64_t round_history_lead_ns(const struct round_history *history)
{
    uint64_t longest_ns = 0;

    for (size_t i = 0; i < ROUNDS_REMEMBERED; i++)
        longest_ns = history->took_ns[i] > longest_ns ? history->took_ns[i] : longest_ns;
    return longest_ns + longest_ns / 4 + ROUND_LEAD_NS;
}
