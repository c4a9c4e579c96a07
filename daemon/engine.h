/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The engine: the parts that collect, keep and encode, for the daemon and for every command. Main thread. */

#include <stdbool.h>

#include "base/limits.h"
#include "daemon/encode/answer_cache.h"
#include "daemon/ledger/ledger.h"
#include "daemon/run/handover_set.h"
#include "daemon/run/registry.h"
#include "daemon/run/rounds.h"
#include "daemon/run/runner_set.h"
#include "daemon/run/self_metrics.h"
#include "daemon/settings/settings.h"

struct engine {
    struct handover *handovers; /* one for each of collectors[] */
    struct limits limits;
    struct registry *registry;
    struct self_metrics *self_metrics;
    struct ledger *ledger;
    struct answer_cache *answers;
    struct runner_set *runners;
    struct rounds *rounds; /* NULL if nobody asks, as with --once */
};

/*
 * Makes the engine with all collectors off, and opens what needs privilege and was not passed. Call it before
 * there is another thread; after it returns, no privilege is needed any more. Takes from `passed` the
 * descriptors that collectors know. After a failure, engine_done() frees what was made.
 */
int engine_init(struct engine *engine, const struct settings *settings, struct systemd_fds *passed,
                struct fault *fault);

/* From now on, requests wake collectors. Call it before the settings are applied. */
int engine_rounds(struct engine *engine, struct fault *fault);

/* Stops the runners, waits at most `wait_ns` in all, and frees everything. Returns false if a thread is still
 * in the kernel: then nothing is freed, and the process must end by _exit(). */
bool engine_done(struct engine *engine, uint64_t wait_ns);
