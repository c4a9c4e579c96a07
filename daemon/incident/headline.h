/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Chooses the incident that is shown first. It stays first until another one has been at least twice as bad
 * for a while, so that the page does not change while people read. Pure memory; one thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "daemon/incident/incident.h"

#define HEADLINE_TIMES 2
#define HEADLINE_NS    (15 * NS_PER_SECOND)

struct headline {
    struct ledger_key key;   /* of the incident */
    bool any;                /* there is one */
    uint64_t worse_since_ns; /* another one has been worse; 0 if none has */
};

/* An incident that is going on. */
struct headline_candidate {
    const struct ledger_key *key;
    enum colour colour; /* green ones are never shown first */
    double rate;
};

/* Returns the index of the candidate to show first at `now_ns`, or `count` if there is none. */
size_t headline_choose(struct headline *headline, const struct headline_candidate *candidates, size_t count,
                       uint64_t now_ns);
