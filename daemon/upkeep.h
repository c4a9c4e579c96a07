/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The periodic work of main: connections past their deadline, watchdog, trends, Status line, late addresses,
 * renewed files. Each part says when it is needed next, and main sleeps until the first of these times; a
 * part that cannot wait rings the bell. A host that nobody asks and that loses nothing has one turn in
 * UPKEEP_CALM_NS. Main thread.
 */

#include <stdint.h>

#include "daemon/http/doors.h"
#include "daemon/http/http.h"
#include "daemon/incident/incident_log.h"
#include "daemon/incident/incidents.h"
#include "daemon/renewal.h"
#include "daemon/run/pace.h"
#include "daemon/run/runner_set.h"
#include "daemon/run/self_metrics.h"
#include "daemon/settings/loss_settings.h"
#include "daemon/status.h"
#include "daemon/trend/trend.h"

/* The time between turns if nothing asks for an earlier one. While packets are lost, or were lost within
 * UPKEEP_MEMORY_STEPS of the trends, there is one turn for each step. */
#define UPKEEP_CALM_NS  PACE_CALM_NS
#define UPKEEP_HURRY_NS TREND_STEP_NS
enum { UPKEEP_MEMORY_STEPS = TREND_POINTS };

/* Everything is borrowed. */
struct upkeep {
    struct http *http;
    struct trend *trend;
    struct incidents *incidents;
    struct incident_log *log;
    struct status *status;
    struct self_metrics *self_metrics;
    struct runner_set *runners;
    struct doors *doors;
    struct renewal *renewal;
    uint64_t watchdog_ns;    /* its time; 0 if there is no watchdog, and then no HTTP thread is asked */
    uint64_t asked_ns;       /* when the HTTP threads were asked; 0 if not yet */
    bool losing;             /* packets are being lost, or were a moment ago */
    int64_t clock_offset_ns; /* of CLOCK_REALTIME from CLOCK_BOOTTIME, at the last turn */
};

/* Records the time, and whether there is a watchdog. */
void upkeep_begin(struct upkeep *upkeep);

/* Makes one turn. Returns when the next is due. `now_ns` is CLOCK_BOOTTIME. */
uint64_t upkeep_turn(struct upkeep *upkeep, const struct loss_settings *settings, uint64_t now_ns);
