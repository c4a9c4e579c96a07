/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Where and whose a loss was, as it was last known. Which accept queue is full can only be seen at the moment
 * at which it is, and a socket that is closed takes its counter with it. The incident is still the same, so
 * it keeps its subject. Pure; any thread, under the lock of the incidents.
 */

#include <stdbool.h>
#include <stdint.h>

#include "daemon/incident/facts.h"

struct facts_kept {
    uint64_t since_ns; /* of the incident */
    uint64_t moved_ns; /* when it had lost something last */
    uint64_t count;    /* the packets that it had lost by then, with the place known; 0: it never was */
    char unit[FACT_NAME_SIZE];
    struct fact_place place;
    struct fact_limit limit;
};

struct incident;

/* Remembers the port, queue and owner of an incident, or, if the facts have none, gives back those that are
 * remembered: a place while most was lost there, an owner without a place while nothing more is lost. */
void facts_keep(struct facts_kept *kept, struct facts *facts, const struct incident *incident);
