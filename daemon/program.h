#pragma once

/*
 * The parts that every way of running has: registry, limits, health, answers, and the fleet of runners.
 */

#include <stdbool.h>

#include "base/limits.h"
#include "daemon/encode/answers.h"
#include "daemon/run/fleet.h"
#include "daemon/run/handovers.h"
#include "daemon/run/health.h"
#include "daemon/run/registry.h"
#include "daemon/settings/settings.h"

struct program {
    struct handover *handovers; /* one for each of collectors[] */
    struct limits limits;
    struct registry *registry;
    struct health *health;
    struct answers *answers;
    struct fleet *fleet;
};

/*
 * Makes them, with all collectors off, and opens what needs privilege and was not passed: there is no other
 * thread yet, and once it returns no privilege is needed any more. Takes of `passed` what collectors know.
 * On failure what was made is kept for program_done().
 */
int program_init(struct program *program, const struct settings *settings, struct passed *passed,
                 struct fault *fault);

/* Stops the runners, waits `wait_ns` in all, frees everything. False where a thread is still in the kernel:
 * then nothing is freed and the process ends by _exit(). */
bool program_done(struct program *program, uint64_t wait_ns);
