/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/incident/refusals.h"

/* Knows which rate of refused packets is usual. Called under the lock of the incidents. */

#include "base/clock.h"

#define HOUR_NS (3600 * NS_PER_SECOND)

/* New hours begin without data. */
static void turn_to(struct refusals *refusals, uint64_t hour)
{
    uint64_t passed = hour - refusals->hour;

    for (uint64_t i = 1; i <= passed && i <= REFUSALS_HOURS; i++)
        for (unsigned direction = 0; direction < DIRECTION_COUNT; direction++)
            refusals->greatest[direction][(refusals->hour + i) % REFUSALS_HOURS] = 0;
    refusals->hour = hour;
}

void refusals_note(struct refusals *refusals, const double *rates, uint64_t now_ns)
{
    uint64_t hour = now_ns > refusals->start_ns ? (now_ns - refusals->start_ns) / HOUR_NS : 0;

    if (hour > refusals->hour)
        turn_to(refusals, hour);
    for (unsigned direction = 0; direction < DIRECTION_COUNT; direction++) {
        double *greatest = &refusals->greatest[direction][refusals->hour % REFUSALS_HOURS];

        if (rates[direction] > *greatest)
            *greatest = rates[direction];
    }
}

bool refusals_known(const struct refusals *refusals)
{
    return refusals->hour > 0;
}

double refusals_greatest(const struct refusals *refusals, enum direction direction)
{
    double greatest = 0;

    for (unsigned i = 0; i < REFUSALS_HOURS; i++)
        if (i != refusals->hour % REFUSALS_HOURS && refusals->greatest[direction][i] > greatest)
            greatest = refusals->greatest[direction][i];
    return greatest;
}
