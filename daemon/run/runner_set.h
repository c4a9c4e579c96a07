/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* All runners together: starts and stops collectors as the settings say. Main thread only. */

#include <stdbool.h>

#include "base/buffer.h"
#include "daemon/run/registry.h"
#include "daemon/run/rounds.h"
#include "daemon/settings/settings.h"

struct runner_set;

/* Makes one idle runner for each of collectors[], on its slot of the registry. Borrows its arguments. Returns
 * 0 or -errno. */
int runner_set_new(struct registry *registry, struct limits *limits, struct handover *handovers,
                   struct runner_set **ret_set);

/* Makes the next collection of a slot's collector due now. Any thread. */
void runner_set_call(struct runner_set *set, size_t slot);

/* Sets whether packets are being lost, so that cheap collectors should collect more often (pace.h). Call it
 * once there are settings. */
void runner_set_hurry(struct runner_set *set, bool hurry);

/* Sets who is told of all rounds; borrowed. Call it before settings are applied. */
void runner_set_rounds(struct runner_set *set, struct rounds *rounds);

/* Applies settings, of which it takes a reference: starts, restarts and ends collectors, except those that
 * would run the same way. `listen_ns` is for --once: how long collectors that listen do so first. */
int runner_set_apply(struct runner_set *set, struct settings *settings, uint64_t listen_ns,
                     struct fault *fault);

/* Appends the comma-separated names of collectors that are still too busy to take their new settings. Returns
 * true if there are any. */
bool runner_set_pending(struct runner_set *set, struct buffer *names);

/* Returns true once each enabled collector has ended an attempt, or hangs in one. */
bool runner_set_settled(const struct runner_set *set);

/* Asks every thread to end. */
void runner_set_stop(struct runner_set *set);

/* Stops the runners, waits at most `wait_ns` in all, and frees them. Returns false if a thread is still in
 * the kernel: then nothing that it uses may be freed, and the process must end by _exit(). */
bool runner_set_free(struct runner_set *set, uint64_t wait_ns);
