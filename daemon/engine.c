/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/engine.h"

/* Puts together the parts that collect, keep and encode. Main thread. */

#include <errno.h>
#include <unistd.h>

#include "base/clock.h"
#include "collectors/collector.h"

static int engine_self_metrics(struct engine *engine, const struct settings *settings)
{
    const char *names[REGISTRY_SLOTS_MAX];
    int error;

    for (size_t i = 0; i < collector_count; i++)
        names[i] = collectors[i]->name;
    error = self_metrics_new(engine->registry, &engine->limits, names, &engine->self_metrics);
    if (error < 0)
        return error;
    self_metrics_host_network(engine->self_metrics, settings->host_network);
    return self_metrics_config_loaded(engine->self_metrics, settings->sha256, settings->unknown_keys,
                                      clock_realtime_ns());
}

/* Sets of collectors, a bit for each. */
struct collector_slots {
    uint64_t explaining, counting, rtnl;
};

static struct collector_slots collector_slots(void)
{
    struct collector_slots slots = {};

    for (size_t i = 0; i < collector_count; i++) {
        slots.explaining |= (uint64_t)collectors[i]->explains << i;
        slots.counting |= (uint64_t)collectors[i]->counts_losses << i;
        slots.rtnl |= (uint64_t)collectors[i]->holds_rtnl << i;
    }
    return slots;
}

int engine_init(struct engine *engine, const struct settings *settings, struct systemd_fds *passed,
                struct fault *fault)
{
    const struct collector_slots slots = collector_slots();
    int error;

    *engine = (struct engine){};
    engine->handovers = handover_set_new();
    error = engine->handovers ? registry_new(collector_count, &engine->registry) : -ENOMEM;
    if (!error && settings->web.created)
        error = registry_created(engine->registry);
    if (!error)
        error = engine_self_metrics(engine, settings);
    if (!error)
        error =
            ledger_new(engine->registry, slots.explaining, slots.counting, &engine->limits, &engine->ledger);
    if (!error)
        error = answer_cache_new(engine->registry, engine->self_metrics, engine->ledger, &engine->answers);
    if (!error)
        error = runner_set_new(engine->registry, &engine->limits, engine->handovers, &engine->runners);
    if (error < 0)
        return fault_errno(fault, error, "cannot start");
    handover_set_take(engine->handovers, passed);
    handover_set_open(engine->handovers, settings, &engine->limits);
    return 0;
}

static void on_call(void *data, size_t slot)
{
    struct engine *engine = data;

    runner_set_call(engine->runners, slot);
}

int engine_rounds(struct engine *engine, struct fault *fault)
{
    const struct rounds_caller caller = {.call = on_call, .data = engine};
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    const struct collector_slots slots = collector_slots();
    const struct rounds_terms terms = {
        .at_once = cpus > 0 ? (size_t)cpus : 1, .last = slots.explaining, .rtnl = slots.rtnl};
    int error = rounds_new(engine->registry, &caller, &terms, &engine->rounds);

    if (!error)
        error = rounds_start(engine->rounds);
    if (error < 0)
        return fault_errno(fault, error, "cannot start");
    runner_set_rounds(engine->runners, engine->rounds);
    return 0;
}

bool engine_done(struct engine *engine, uint64_t wait_ns)
{
    if (!runner_set_free(engine->runners, wait_ns))
        return false;
    rounds_free(engine->rounds);
    answer_cache_free(engine->answers);
    ledger_free(engine->ledger);
    self_metrics_free(engine->self_metrics);
    registry_free(engine->registry);
    handover_set_free(engine->handovers);
    return true;
}
