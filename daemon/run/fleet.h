#pragma once

/*
 * All runners together: settings in, running collectors out. Main thread only.
 */

#include <stdbool.h>

#include "base/buffer.h"
#include "daemon/run/registry.h"
#include "daemon/settings/settings.h"

struct fleet;

/* One idle runner for each of collectors[], each on its slot of the registry. Borrows all three. -errno. */
int fleet_new(struct registry *registry, struct limits *limits, const struct handover *handovers,
              struct fleet **ret_fleet);

/* Puts settings into effect (a reference is taken): starts, restarts and ends collectors; those that would
 * run alike are left alone. `listen_ns` is for --once: how long collectors that listen do so first. */
int fleet_apply(struct fleet *fleet, struct settings *settings, uint64_t listen_ns, struct fault *fault);

/* Appends the names, comma-separated, of collectors too busy to have taken their new settings yet; true where
 * there are any. */
bool fleet_pending(struct fleet *fleet, struct buffer *names);

/* True once each enabled collector has ended an attempt, or hangs in one. */
bool fleet_settled(const struct fleet *fleet);

/* Asks every thread to end. */
void fleet_stop(struct fleet *fleet);

/* Stops, waits `wait_ns` in all, frees. False where a thread is still in the kernel: then nothing it uses may
 * be freed, and the process ends by _exit(). */
bool fleet_free(struct fleet *fleet, uint64_t wait_ns);
