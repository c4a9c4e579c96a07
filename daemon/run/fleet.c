#include "daemon/run/fleet.h"

/* See fleet.h. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "daemon/run/runner.h"

struct fleet {
    struct registry *registry;
    struct limits *limits;
    const struct handover *handovers; /* one for each collector */
    struct settings *settings;        /* in effect; NULL before the first */
    struct runner *runners[];
};

int fleet_new(struct registry *registry, struct limits *limits, const struct handover *handovers,
              struct fleet **ret_fleet)
{
    struct fleet *fleet = calloc(1, sizeof(*fleet) + collector_count * sizeof(fleet->runners[0]));

    if (!fleet)
        return -ENOMEM;
    fleet->registry = registry;
    fleet->limits = limits;
    fleet->handovers = handovers;
    for (size_t i = 0; i < collector_count; i++) {
        int error = runner_new(collectors[i], registry, i, &runner_boottime_clock, &fleet->runners[i]);

        if (error < 0) {
            (void)fleet_free(fleet, 0);
            return error;
        }
    }
    *ret_fleet = fleet;
    return 0;
}

static int fleet_start(struct fleet *fleet, struct settings *settings, size_t i, uint64_t listen_ns)
{
    const struct collector_common *common = settings_collector(settings, i);
    struct runner_job job = {
        .context = {.procfs = settings->procfs,
                    .devices = settings_devices(settings, i),
                    .limits = fleet->limits,
                    .handover = &fleet->handovers[i]},
        .config = common,
        .interval_ns = common->interval_ns,
        .listen_ns = listen_ns,
        .settings = settings_ref(settings),
    };

    registry_enable(fleet->registry, i, common->interval_ns, common->max_age_ns);
    return runner_apply(fleet->runners[i], &job);
}

int fleet_apply(struct fleet *fleet, struct settings *settings, uint64_t listen_ns, struct fault *fault)
{
    for (size_t i = 0; i < collector_count; i++) {
        bool was_enabled = fleet->settings && settings_collector(fleet->settings, i)->enabled;
        bool enabled = settings_collector(settings, i)->enabled;
        int error = 0;

        if (was_enabled && enabled && settings_collector_equal(fleet->settings, settings, i))
            continue;
        if (enabled) {
            error = fleet_start(fleet, settings, i, listen_ns);
        } else if (was_enabled) {
            registry_disable(fleet->registry, i);
            error = runner_apply(fleet->runners[i], NULL);
        }
        if (error < 0)
            return fault_set(fault, error, "cannot start the thread of collector %s: %s", collectors[i]->name,
                             strerror(-error));
    }
    settings_ref(settings);
    settings_unref(fleet->settings);
    fleet->settings = settings;
    return 0;
}

bool fleet_pending(struct fleet *fleet, struct buffer *names)
{
    bool any = false;

    for (size_t i = 0; i < collector_count; i++) {
        if (!runner_pending(fleet->runners[i]))
            continue;
        buffer_printf(names, "%s%s", any ? ", " : "", collectors[i]->name);
        any = true;
    }
    return any;
}

bool fleet_settled(const struct fleet *fleet)
{
    uint64_t now_ns = clock_boottime_ns();

    for (size_t i = 0; i < collector_count; i++) {
        struct collector_health health;

        registry_health(fleet->registry, i, now_ns, &health);
        if (health.enabled && !health.tried && health.state != COLLECTOR_STUCK)
            return false;
    }
    return true;
}

void fleet_stop(struct fleet *fleet)
{
    for (size_t i = 0; i < collector_count; i++)
        if (fleet->runners[i])
            runner_stop(fleet->runners[i]);
}

bool fleet_free(struct fleet *fleet, uint64_t wait_ns)
{
    uint64_t deadline_ns = clock_read_ns(CLOCK_MONOTONIC) + wait_ns;
    bool all = true;

    if (!fleet)
        return true;
    fleet_stop(fleet);
    for (size_t i = 0; i < collector_count; i++) {
        if (fleet->runners[i] && runner_join(fleet->runners[i], deadline_ns) < 0)
            all = false;
        else
            fleet->runners[i] = runner_free(fleet->runners[i]);
    }
    if (!all)
        return false;
    settings_unref(fleet->settings);
    free(fleet);
    return true;
}
