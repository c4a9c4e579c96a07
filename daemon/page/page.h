/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The page for people at /: what is lost now, where, why, and what to do about it; the interfaces, the drop
 * sites, how each collector fares. Plain HTML that needs no script; with one it renews itself. No external
 * asset, everything from outside is escaped. It reads snapshots and trends, never the kernel.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/host_network.h"
#include "base/limits.h"
#include "daemon/run/registry.h"
#include "daemon/trend/trend.h"

struct page {
    const struct registry *registry; /* slot i is collectors[i] */
    struct trend *trend;
    const struct limits *limits;
    const char *telemetry_path;
    enum host_network host_network;
    char policy[256]; /* the Content-Security-Policy to send with it, by page_init() */
};

/* Fills the policy: the page's own style and script, by their digests, and nothing else. */
void page_init(struct page *page);

/* Appends the whole document as of now (CLOCK_BOOTTIME), with all interfaces where asked for. Any thread.
 * -ENOMEM. */
int page_render(const struct page *page, bool all_interfaces, uint64_t now_ns, struct buffer *out);
