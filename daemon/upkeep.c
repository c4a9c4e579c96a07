/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/upkeep.h"

/*
 * Runs the periodic work of the main thread. It never calls what may hang: neither the kernel's counters nor
 * a client.
 */

#include <stdlib.h>
#include <systemd/sd-daemon.h>

#include "base/cleanup.h"

/* Pings in a watchdog period: two of them may fail on a busy machine. */
enum { PINGS = 3, LOOKS_A_PING = 4 };

static int64_t clock_offset_ns(void)
{
    return (int64_t)(clock_realtime_ns() - clock_boottime_ns());
}

void upkeep_begin(struct upkeep *upkeep)
{
    uint64_t watchdog_usec = 0;

    upkeep->clock_offset_ns = clock_offset_ns();
    if (sd_watchdog_enabled(0, &watchdog_usec) > 0)
        upkeep->watchdog_ns = watchdog_usec * (NS_PER_SECOND / 1000000);
}

static uint64_t earlier(uint64_t a_ns, uint64_t b_ns)
{
    return a_ns < b_ns ? a_ns : b_ns;
}

/* Pings the watchdog if our own HTTP threads answered a question. One turn asks; a much later turn looks for
 * the answer, and if it is missing, looks again soon. A stuck collector never withholds the ping: killing us
 * would not help. */
static uint64_t ping(struct upkeep *upkeep, uint64_t now_ns)
{
    uint64_t every_ns = upkeep->watchdog_ns / PINGS;

    if (!upkeep->watchdog_ns)
        return UINT64_MAX;
    if (upkeep->asked_ns && now_ns < upkeep->asked_ns + every_ns)
        return upkeep->asked_ns + every_ns;
    if (upkeep->asked_ns && !http_answered(upkeep->http))
        return now_ns + every_ns / LOOKS_A_PING;
    if (upkeep->asked_ns)
        sd_notify(0, "WATCHDOG=1");
    http_ask(upkeep->http);
    upkeep->asked_ns = now_ns;
    return now_ns + every_ns;
}

/* Corrects times that were taken before the clock was set (a host without a battery-backed clock starts in
 * 1970). Ignores a clock that is only slewed: time stamps that creep would be useless. */
static void follow_clock(struct upkeep *upkeep)
{
    int64_t before_ns = upkeep->clock_offset_ns;

    upkeep->clock_offset_ns = clock_offset_ns();
    if (llabs(upkeep->clock_offset_ns - before_ns) > (int64_t)NS_PER_SECOND)
        self_metrics_clock_set(upkeep->self_metrics, upkeep->clock_offset_ns - before_ns);
}

/* While packets are lost, everything cheap runs more often, so that log and Status line follow. */
static void follow_losses(struct upkeep *upkeep, const struct loss_settings *settings, uint64_t now_ns)
{
    _cleanup_(freep) struct loss_report *report = NULL;

    if (!trend_step(upkeep->trend, now_ns))
        return;
    report = incidents_report_of(upkeep->incidents, settings->window_ns, now_ns);
    if (report)
        incident_log_update(upkeep->log, settings, report);
    upkeep->losing = trend_moved(upkeep->trend, PURPOSE_LOSS, UPKEEP_MEMORY_STEPS);
    runner_set_hurry(upkeep->runners, upkeep->losing);
}

/* Turns are frequent during losses, and in the first minute, when whoever started the service looks at its
 * output. */
static uint64_t turn_ns(const struct upkeep *upkeep, const struct trend_extent *extent)
{
    return upkeep->losing || extent->points < TREND_POINTS_A_MINUTE ? UPKEEP_HURRY_NS : UPKEEP_CALM_NS;
}

uint64_t upkeep_turn(struct upkeep *upkeep, const struct loss_settings *settings, uint64_t now_ns)
{
    uint64_t next_ns = ping(upkeep, now_ns);
    struct trend_extent extent;

    follow_losses(upkeep, settings, now_ns);
    trend_extent(upkeep->trend, &extent);
    next_ns = earlier(next_ns, now_ns + turn_ns(upkeep, &extent));
    follow_clock(upkeep);
    next_ns = earlier(
        next_ns, doors_look(upkeep->doors, upkeep->http, self_metrics_web(upkeep->self_metrics), now_ns));
    status_note(upkeep->status, NOTE_ADDRESS, doors_note(upkeep->doors));
    next_ns = earlier(next_ns, renewal_look(upkeep->renewal, now_ns));
    next_ns = earlier(next_ns, status_update(upkeep->status, extent.devices, now_ns));
    return http_sweep(upkeep->http, now_ns, next_ns);
}
