/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * A runner is the one thread that a collector has for the life of the process: it opens, schedules, collects,
 * publishes, and retries with capped back-off. A collector that hangs blocks only its own runner; the thread
 * is never cancelled and never duplicated, and new settings wait until its call returns.
 */

#include <stdbool.h>
#include <stdint.h>

#include "collectors/collector.h"
#include "daemon/run/registry.h"
#include "daemon/run/rounds.h"
#include "daemon/run/runner_clock.h"
#include "daemon/settings/settings.h"

struct runner;

/* What to run. */
struct runner_job {
    struct collector_context context;
    uint64_t interval_ns;      /* from one collection to the next */
    uint64_t listen_ns;        /* with --once: how long a collector that listens does so before it collects */
    struct settings *settings; /* keeps the above alive; the job holds a reference. NULL in tests */
};

/* Makes an idle runner for a slot of the registry. Main thread. */
int runner_new(const struct collector *collector, struct registry *registry, size_t slot,
               const struct runner_clock *clock, struct runner **ret_runner);

/* Sets who is told of its rounds. Borrowed. Call it before it has a job. */
void runner_rounds(struct runner *runner, struct rounds *rounds);

/* Sets whether it hurries (pace.h), from its next collection on. Any thread. */
void runner_hurry(struct runner *runner, bool hurry);

/* Makes its next collection due now. Any thread. */
void runner_call(struct runner *runner);

/* Gives it a job (copied, with its reference to the settings), or none. It takes effect when the collector's
 * current call returns. Starts the thread if there is none yet. Returns 0, or -errno from pthread_create().
 * */
int runner_apply(struct runner *runner, const struct runner_job *job);

/* Returns true while a new job has not taken effect because the collector is still busy with the last one. */
bool runner_pending(struct runner *runner);

/* runner_stop() asks the thread to end; runner_join() waits for it until `deadline_ns` (CLOCK_MONOTONIC).
 * Returns 0, or -ETIMEDOUT if the kernel still holds the thread. */
void runner_stop(struct runner *runner);
int runner_join(struct runner *runner, uint64_t deadline_ns);

/* Only after a successful join. Accepts NULL, returns NULL. */
struct runner *runner_free(struct runner *runner);
