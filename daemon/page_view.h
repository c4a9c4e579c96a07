#pragma once

/*
 * What the parts of the page at / are made from, looked up once for a request: the trends, and the snapshots
 * of all collectors. Lives for one request on one HTTP thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/buffer.h"
#include "daemon/registry.h"
#include "daemon/trend.h"

enum { PAGE_LOSSES_MAX = 64, PAGE_SNAPSHOTS_MAX = 64 };

struct page_view {
    const struct registry *registry;
    struct snapshot *snapshots[PAGE_SNAPSHOTS_MAX]; /* a reference each; NULL: none to serve */
    struct trend_extent extent;
    size_t loss_count, other_count, traffic_count;
    struct trend_line losses[PAGE_LOSSES_MAX]; /* of the last five minutes, the worst first */
    struct trend_line others[PAGE_LOSSES_MAX];
    struct trend_line traffic[TREND_LINES_MAX];
};

/* The table that has such a column, and where. NULL: no collector serves it now. */
const struct table *page_find_column(const struct page_view *view, const char *metric, size_t *ret_column);

/* A label's text and its value. */
struct page_label {
    const char *name;
    const char *value;
};

/* The number of the row that has both labels (their names may be NULL). False: there is none. */
bool page_find_value(const struct page_view *view, const char *metric, const struct page_label labels[2],
                     uint64_t *ret_value);

/* What a counter moves a second now: in its newest point that is known, if that is not long ago; else 0. */
double page_now(const struct trend_line *line);

/* The parts; each appends a whole block. */
void page_verdict(const struct page_view *view, struct buffer *out);
void page_losses(const struct page_view *view, struct buffer *out);
void page_others(const struct page_view *view, struct buffer *out);
void page_devices(const struct page_view *view, bool all, struct buffer *out);
void page_sites(const struct page_view *view, struct buffer *out);
