/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/run/runner_set.h"

/* Starts and stops runners as the settings say. Main thread. */

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "daemon/run/pace.h"
#include "daemon/run/runner.h"

struct runner_set {
    struct registry *registry;
    struct limits *limits;
    struct handover *handovers; /* one for each collector */
    struct settings *settings;  /* the present ones; NULL before the first */
    bool hurry;
    struct runner *runners[];
};

int runner_set_new(struct registry *registry, struct limits *limits, struct handover *handovers,
                   struct runner_set **ret_set)
{
    struct runner_set *set = calloc(1, sizeof(*set) + collector_count * sizeof(set->runners[0]));

    if (!set)
        return -ENOMEM;
    set->registry = registry;
    set->limits = limits;
    set->handovers = handovers;
    for (size_t i = 0; i < collector_count; i++) {
        int error = runner_new(collectors[i], registry, i, &runner_boottime_clock, &set->runners[i]);

        if (error < 0) {
            (void)runner_set_free(set, 0);
            return error;
        }
    }
    *ret_set = set;
    return 0;
}

void runner_set_call(struct runner_set *set, size_t slot)
{
    runner_call(set->runners[slot]);
}

void runner_set_hurry(struct runner_set *set, bool hurry)
{
    if (hurry == set->hurry)
        return;
    set->hurry = hurry;
    for (size_t i = 0; i < collector_count; i++) {
        const struct collector_common *common = settings_collector(set->settings, i);

        runner_hurry(set->runners[i], hurry);
        if (hurry && common->enabled && pace_hurries(common->interval_ns))
            runner_call(set->runners[i]);
    }
}

void runner_set_rounds(struct runner_set *set, struct rounds *rounds)
{
    for (size_t i = 0; i < collector_count; i++)
        runner_rounds(set->runners[i], rounds);
}

static int runner_set_start(struct runner_set *set, struct settings *settings, size_t i, uint64_t listen_ns)
{
    const struct collector_common *common = settings_collector(settings, i);
    struct runner_job job = {
        .context = settings_context(settings, i, set->limits, &set->handovers[i]),
        .interval_ns = common->interval_ns,
        .listen_ns = listen_ns,
        .settings = settings_ref(settings),
    };

    registry_enable(set->registry, i, common->interval_ns, common->max_age_ns);
    return runner_apply(set->runners[i], &job);
}

int runner_set_apply(struct runner_set *set, struct settings *settings, uint64_t listen_ns,
                     struct fault *fault)
{
    for (size_t i = 0; i < collector_count; i++) {
        bool was_enabled = set->settings && settings_collector(set->settings, i)->enabled;
        bool enabled = settings_collector(settings, i)->enabled;
        int error = 0;

        if (was_enabled && enabled && settings_collector_equal(set->settings, settings, i))
            continue;
        if (enabled) {
            error = runner_set_start(set, settings, i, listen_ns);
        } else if (was_enabled) {
            registry_disable(set->registry, i);
            error = runner_apply(set->runners[i], NULL);
        }
        if (error < 0)
            return fault_errno(fault, error, "cannot start the thread of collector %s", collectors[i]->name);
    }
    settings_ref(settings);
    settings_unref(set->settings);
    set->settings = settings;
    return 0;
}

bool runner_set_pending(struct runner_set *set, struct buffer *names)
{
    bool any = false;

    for (size_t i = 0; i < collector_count; i++) {
        if (!runner_pending(set->runners[i]))
            continue;
        buffer_printf(names, "%s%s", any ? ", " : "", collectors[i]->name);
        any = true;
    }
    return any;
}

bool runner_set_settled(const struct runner_set *set)
{
    uint64_t now_ns = clock_boottime_ns();

    for (size_t i = 0; i < collector_count; i++) {
        struct collector_health health;

        registry_health(set->registry, i, now_ns, &health);
        if (health.enabled && !health.tried && health.state != COLLECTOR_STUCK)
            return false;
    }
    return true;
}

void runner_set_stop(struct runner_set *set)
{
    for (size_t i = 0; i < collector_count; i++)
        if (set->runners[i])
            runner_stop(set->runners[i]);
}

bool runner_set_free(struct runner_set *set, uint64_t wait_ns)
{
    uint64_t deadline_ns = clock_read_ns(CLOCK_MONOTONIC) + wait_ns;
    bool all = true;

    if (!set)
        return true;
    runner_set_stop(set);
    for (size_t i = 0; i < collector_count; i++) {
        if (set->runners[i] && runner_join(set->runners[i], deadline_ns) < 0)
            all = false;
        else
            set->runners[i] = runner_free(set->runners[i]);
    }
    if (!all)
        return false;
    settings_unref(set->settings);
    free(set);
    return true;
}
