/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The metrics of the exporter about itself: the health of each collector, limits that were hit, build, and
 * configuration. Computed when an answer is made, so that a hang shows while it lasts. Any thread; its lock
 * is a leaf.
 */

#include <stdint.h>

#include "base/host_network.h"
#include "base/limits.h"
#include "base/table/snapshot.h"
#include "daemon/run/registry.h"
#include "daemon/run/web_metrics.h"

struct self_metrics;

/* collector_names[i] names the row of the registry's slot i. Borrows registry and limits. Returns 0 or
 * -ENOMEM. */
int self_metrics_new(const struct registry *registry, const struct limits *limits,
                     const char *const *collector_names, struct self_metrics **ret_health);
struct self_metrics *self_metrics_free(struct self_metrics *health); /* accepts NULL, returns NULL */

/* Records that a configuration took effect (at start or by a reload). Returns 0, or -ENOMEM, and then the old
 * one stays on the page. */
int self_metrics_config_loaded(struct self_metrics *health, const char *sha256, uint64_t unknown_keys,
                               uint64_t realtime_ns);
/* Corrects recorded times after CLOCK_REALTIME was set by `by_ns`. */
void self_metrics_clock_set(struct self_metrics *health, int64_t by_ns);
/* Records that a reload was refused and the old configuration goes on. */
void self_metrics_config_refused(struct self_metrics *health);

/* Returns the metrics of how it serves, which live as long as this. */
struct web_metrics *self_metrics_web(const struct self_metrics *health);

/* Sets where it runs, before there is a reader. "Unknown", the first value, has no series. */
void self_metrics_host_network(struct self_metrics *health, enum host_network host_network);

/* Adds the tables to the draft, for the collectors whose bit is set. Returns 0 or -ENOMEM. */
int self_metrics_fill(struct self_metrics *health, uint64_t collectors, uint64_t now_ns,
                      struct snapshot *draft);
