#include "daemon/program.h"

/* See program.h. Main thread. */

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "collectors/collector.h"

/* One bit a collector in struct answer_key. */
enum { COLLECTORS_MAX = 64 };

static int program_health(struct program *program, const struct settings *settings)
{
    const char *names[COLLECTORS_MAX];
    int error;

    for (size_t i = 0; i < collector_count; i++)
        names[i] = collectors[i]->name;
    error = health_new(program->registry, &program->limits, names, &program->health);
    if (error < 0)
        return error;
    return health_config_loaded(program->health, settings->sha256, settings->unknown_keys,
                                clock_realtime_ns());
}

int program_init(struct program *program, const struct settings *settings, struct passed *passed,
                 struct fault *fault)
{
    int error;

    *program = (struct program){};
    program->handovers = handovers_new();
    error = program->handovers ? registry_new(collector_count, &program->registry) : -ENOMEM;
    if (!error)
        error = program_health(program, settings);
    if (!error)
        error = answers_new(program->registry, program->health, &program->answers);
    if (!error)
        error = fleet_new(program->registry, &program->limits, program->handovers, &program->fleet);
    if (error < 0)
        return fault_set(fault, error, "cannot start: %s", strerror(-error));
    handovers_take(program->handovers, passed);
    handovers_open(program->handovers, settings, &program->limits);
    return 0;
}

bool program_done(struct program *program, uint64_t wait_ns)
{
    if (!fleet_free(program->fleet, wait_ns))
        return false;
    answers_free(program->answers);
    health_free(program->health);
    registry_free(program->registry);
    handovers_free(program->handovers);
    return true;
}
