/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What the program says of itself: how each collector fares, which limits were hit, which build and which
 * configuration run. Computed when an answer is made, so that a hang shows while it lasts. Any thread; its
 * lock is a leaf.
 */

#include <stdint.h>

#include "base/host_network.h"
#include "base/limits.h"
#include "base/table/snapshot.h"
#include "daemon/run/registry.h"

struct self_metrics;

/* Names one row for each collectors[i] of the registry's slot i. Borrows registry and limits. -ENOMEM. */
int self_metrics_new(const struct registry *registry, const struct limits *limits,
                     const char *const *collector_names, struct self_metrics **ret_health);
struct self_metrics *self_metrics_free(struct self_metrics *health); /* accepts NULL, returns NULL */

/* A configuration took effect (at start or by a reload). -ENOMEM: the old one stays on the page. */
int self_metrics_config_loaded(struct self_metrics *health, const char *sha256, uint64_t unknown_keys,
                               uint64_t realtime_ns);
/* A reload was refused; what ran before goes on. */
void self_metrics_config_refused(struct self_metrics *health);

/* When the certificate that is served with expires, CLOCK_REALTIME; 0: there is none. */
void self_metrics_certificate(struct self_metrics *health, uint64_t expiry_seconds);

/* Where it runs; before there is a reader. Unknown, which it is at first, has no series. */
void self_metrics_host_network(struct self_metrics *health, enum host_network host_network);

/* Adds the tables to the draft, for the collectors whose bit is set. -ENOMEM. */
int self_metrics_fill(struct self_metrics *health, uint64_t collectors, uint64_t now_ns,
                      struct snapshot *draft);
