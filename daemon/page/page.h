/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The page for people at /: what is lost now, where, why, and what to do about it; the interfaces, the drop
 * sites, and the state of each collector. Plain HTML that needs no script; with script it refreshes itself.
 * It has no external asset, and everything from outside is escaped. It reads snapshots and trends, never the
 * kernel.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "daemon/incident/incidents.h"
#include "daemon/run/registry.h"
#include "daemon/trend/trend.h"

struct page {
    const struct registry *registry; /* slot i is collectors[i] */
    struct trend *trend;
    struct incidents *incidents;
    const struct limits *limits;
    const char *telemetry_path;
    bool packets;     /* incidents show their last packets, with prefixes for addresses */
    char policy[256]; /* the Content-Security-Policy to send with it, set by page_init() */
};

/* Fills in the policy: it allows the page's own style and script, by their digests, and nothing else. */
void page_init(struct page *page);

/* Appends the whole document as of now (CLOCK_BOOTTIME), with all interfaces if asked for. Any thread.
 * Returns 0 or -ENOMEM. */
int page_render(const struct page *page, bool all_interfaces, uint64_t now_ns, struct buffer *out);
