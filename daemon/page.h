#pragma once

/*
 * The page for people at /: what this is, where the metrics are, how each collector fares. Plain HTML made
 * here, no script, no external asset; everything from outside is escaped.
 */

#include <stdint.h>

#include "daemon/buffer.h"
#include "daemon/registry.h"

struct page {
    const struct registry *registry; /* slot i is collectors[i] */
    const char *telemetry_path;
};

/* Appends the whole document as of now. Any thread. -ENOMEM. */
int page_render(const struct page *page, struct buffer *out);
