/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * All runners together: settings in, running collectors out. Main thread only.
 */

#include <stdbool.h>

#include "base/buffer.h"
#include "daemon/run/registry.h"
#include "daemon/settings/settings.h"

struct runner_set;

/* One idle runner for each of collectors[], each on its slot of the registry. Borrows all three. -errno. */
int runner_set_new(struct registry *registry, struct limits *limits, struct handover *handovers,
                   struct runner_set **ret_set);

/* Puts settings into effect (a reference is taken): starts, restarts and ends collectors; those that would
 * run alike are left alone. `listen_ns` is for --once: how long collectors that listen do so first. */
int runner_set_apply(struct runner_set *set, struct settings *settings, uint64_t listen_ns,
                     struct fault *fault);

/* Appends the names, comma-separated, of collectors too busy to have taken their new settings yet; true where
 * there are any. */
bool runner_set_pending(struct runner_set *set, struct buffer *names);

/* True once each enabled collector has ended an attempt, or hangs in one. */
bool runner_set_settled(const struct runner_set *set);

/* Asks every thread to end. */
void runner_set_stop(struct runner_set *set);

/* Stops, waits `wait_ns` in all, frees. False where a thread is still in the kernel: then nothing it uses may
 * be freed, and the process ends by _exit(). */
bool runner_set_free(struct runner_set *set, uint64_t wait_ns);
