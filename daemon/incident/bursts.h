/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * How bursty a loss is. A rate does not tell a steady loss from 2,000 packets within 4 ms each minute, and
 * the remedies differ. Uses the bursts that drop sites count, by class and device. Any thread.
 */

#include <stdint.h>

#include "daemon/run/snapshots.h"

/* The bursts of a class on a device. */
struct bursts {
    uint64_t count;
    uint64_t packets; /* in them */
};

/* What an incident's bursts are counted from. */
struct bursts_base {
    uint64_t since_ns; /* of the incident; 0 if there is none */
    struct bursts bursts;
    uint64_t count; /* packets that the incident had lost by then */
};

struct facts;
struct incident;

/* Fills in the present counts of incidents on one device. Those on several do not have one burst size. */
void bursts_find(struct facts *facts, size_t count, const struct snapshots *snapshots);

/*
 * Marks an incident as bursty, with the packets of a burst, if its bursts have many more packets than its
 * rate would bring in that time. It is not known which bursts belong to the incident, unless it lost nearly
 * as many packets as all of them have together. At the first look these are all that there ever were, later
 * those since then.
 */
void bursts_judge(struct bursts_base *base, const struct bursts *now, struct incident *incident);
