/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/engine.h"

/* See engine.h. Main thread. */

#include <errno.h>

#include "base/clock.h"
#include "collectors/collector.h"

/* One bit a collector in struct answer_key. */
enum { COLLECTORS_MAX = 64 };

static int engine_self_metrics(struct engine *engine, const struct settings *settings)
{
    const char *names[COLLECTORS_MAX];
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

int engine_init(struct engine *engine, const struct settings *settings, struct systemd_fds *passed,
                struct fault *fault)
{
    int error;

    *engine = (struct engine){};
    engine->handovers = handover_set_new();
    error = engine->handovers ? registry_new(collector_count, &engine->registry) : -ENOMEM;
    if (!error)
        error = engine_self_metrics(engine, settings);
    if (!error)
        error = answer_cache_new(engine->registry, engine->self_metrics, &engine->answers);
    if (!error)
        error = runner_set_new(engine->registry, &engine->limits, engine->handovers, &engine->runners);
    if (error < 0)
        return fault_errno(fault, error, "cannot start");
    handover_set_take(engine->handovers, passed);
    handover_set_open(engine->handovers, settings, &engine->limits);
    return 0;
}

bool engine_done(struct engine *engine, uint64_t wait_ns)
{
    if (!runner_set_free(engine->runners, wait_ns))
        return false;
    answer_cache_free(engine->answers);
    self_metrics_free(engine->self_metrics);
    registry_free(engine->registry);
    handover_set_free(engine->handovers);
    return true;
}
