/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The engine: what collects, keeps and encodes, in every way of running.
 */

#include <stdbool.h>

#include "base/limits.h"
#include "daemon/encode/answer_cache.h"
#include "daemon/run/handover_set.h"
#include "daemon/run/registry.h"
#include "daemon/run/runner_set.h"
#include "daemon/run/self_metrics.h"
#include "daemon/settings/settings.h"

struct engine {
    struct handover *handovers; /* one for each of collectors[] */
    struct limits limits;
    struct registry *registry;
    struct self_metrics *self_metrics;
    struct answer_cache *answers;
    struct runner_set *runners;
};

/*
 * Makes it, with all collectors off, and opens what needs privilege and was not passed: there is no other
 * thread yet, and once it returns no privilege is needed any more. Takes of `passed` what collectors know.
 * On failure what was made is kept for engine_done().
 */
int engine_init(struct engine *engine, const struct settings *settings, struct systemd_fds *passed,
                struct fault *fault);

/* Stops the runners, waits `wait_ns` in all, frees everything. False where a thread is still in the kernel:
 * then nothing is freed and the process ends by _exit(). */
bool engine_done(struct engine *engine, uint64_t wait_ns);
