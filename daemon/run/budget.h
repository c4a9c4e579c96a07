/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * A budget that refills steadily. The cost of something is known only afterwards, so the budget may be
 * overdrawn, and is then paid off before the next.
 *
 * Costs and times (CLOCK_BOOTTIME) are in nanoseconds. It has no lock of its own.
 */

#include <stdbool.h>
#include <stdint.h>

struct budget {
    uint64_t share;       /* it refills by one part in so many of the time that passes */
    uint64_t capacity_ns; /* the most that is saved up, and its first value */
    uint64_t full_ns;     /* when it will be full, or was */
};

/* Returns true if something is left. */
static inline bool budget_allows(const struct budget *budget, uint64_t now_ns)
{
    return now_ns + budget->capacity_ns * budget->share > budget->full_ns;
}

static inline void budget_charge(struct budget *budget, uint64_t spent_ns, uint64_t now_ns)
{
    if (budget->full_ns < now_ns)
        budget->full_ns = now_ns;
    budget->full_ns += spent_ns * budget->share;
}
