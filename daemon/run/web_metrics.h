/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The metrics of how the exporter serves: the validity of the certificate, whether the files in use are those
 * on disk, and which of its addresses can be reached. Main sets them, any thread reads; its lock is a leaf.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/table/snapshot.h"

/* A listen address, and whether an interface has it. */
struct listen_state {
    const char *address;
    bool here;
};

struct web_metrics;

int web_metrics_new(struct web_metrics **ret_web);             /* returns 0 or -ENOMEM */
struct web_metrics *web_metrics_free(struct web_metrics *web); /* accepts NULL, returns NULL */

/* Sets when the served certificate becomes valid and expires, in seconds of CLOCK_REALTIME. Before the first
 * call there is no certificate. */
void web_metrics_certificate(struct web_metrics *web, uint64_t begin_seconds, uint64_t expiry_seconds);

/* Sets whether certificate, key and users in use are those in their files. Before the first call there are no
 * files. */
void web_metrics_files(struct web_metrics *web, bool current);

/* Replaces all addresses. Returns 0, or -ENOMEM, and then the old ones stay. */
int web_metrics_listening(struct web_metrics *web, const struct listen_state *states, size_t count);

/* Adds the tables to the draft. Returns 0 or -ENOMEM. */
int web_metrics_fill(struct web_metrics *web, struct snapshot *draft);
