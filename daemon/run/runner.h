/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * A runner is the one thread that a collector has for the life of the process: it opens, schedules, collects,
 * publishes, and retries with capped back-off. A collector that hangs hangs its own runner only; the thread
 * is never cancelled and never doubled: new settings wait until its call returns.
 */

#include <stdbool.h>
#include <stdint.h>

#include "collectors/collector.h"
#include "daemon/run/registry.h"
#include "daemon/settings/settings.h"

struct runner;

/* Time as a runner sees it; tests bring their own. */
struct runner_clock {
    uint64_t (*now_ns)(void *data);
    /* Waits until `until_ns` or until one of the descriptors (-1: none) is readable; true where it was
     * `event_fd`. May return early. */
    bool (*wait)(void *data, int wake_fd, int event_fd, uint64_t until_ns);
    void *data;
};

extern const struct runner_clock runner_boottime_clock;

/* What to run. */
struct runner_job {
    struct collector_context context;
    uint64_t interval_ns;
    uint64_t listen_ns;        /* --once: how long a collector that listens does so before it collects */
    struct settings *settings; /* keeps the above alive; the job holds a reference. NULL in tests */
};

/* Makes an idle runner for a slot of the registry. Main thread. */
int runner_new(const struct collector *collector, struct registry *registry, size_t slot,
               const struct runner_clock *clock, struct runner **ret_runner);

/* Gives it a job (copied; the reference of the settings is handed over), or none. Takes effect when the
 * collector's current call returns. Starts the thread if there is none yet. -errno of pthread_create(). */
int runner_apply(struct runner *runner, const struct runner_job *job);

/* True while a job that was given has not taken effect because the collector is still busy with the last. */
bool runner_pending(struct runner *runner);

/* Asks the thread to end, and waits for it until `deadline_ns` (CLOCK_MONOTONIC): -ETIMEDOUT leaves it where
 * the kernel holds it. */
void runner_stop(struct runner *runner);
int runner_join(struct runner *runner, uint64_t deadline_ns);

/* After a successful join only. Accepts NULL, returns NULL. */
struct runner *runner_free(struct runner *runner);
