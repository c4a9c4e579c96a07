/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What the parts of the page at / are made from, looked up once for a request: the trends, and the snapshots
 * of all collectors. Lives for one request on one HTTP thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/hash.h"
#include "daemon/run/registry.h"
#include "daemon/trend/trend.h"

enum { PAGE_LOSSES_MAX = 64, PAGE_SNAPSHOTS_MAX = 64, PAGE_LIMIT_TABLES_MAX = 8 };

/* The rows of a table by their device. */
struct page_index {
    const struct table *table; /* NULL: no collector serves it now */
    struct label_value only;   /* which of its rows */
    struct hash_index rows;
};

struct page_view {
    const struct registry *registry;
    struct snapshot *snapshots[PAGE_SNAPSHOTS_MAX];  /* a reference each; NULL: none to serve */
    struct page_index links;                         /* the table of interfaces */
    struct page_index limits[PAGE_LIMIT_TABLES_MAX]; /* made when they are asked for */
    size_t limit_count;
    struct trend_extent extent;
    size_t loss_count, other_count, traffic_count;
    struct trend_line losses[PAGE_LOSSES_MAX]; /* of the last five minutes, the worst first */
    struct trend_line others[PAGE_LOSSES_MAX];
    struct trend_line traffic[TREND_LINES_MAX];
};

struct page_view *page_view_new(const struct registry *registry, struct trend *trend,
                                uint64_t now_ns); /* NULL: out of memory */
void page_view_freep(struct page_view **view);    /* for _cleanup_() */

/* The table that has a column with the role, and where. NULL: no collector serves it now. */
const struct table *page_find_role(const struct page_view *view, enum role role, size_t *ret_column);

/* Where the device is in the table; false: it is not. */
bool page_find_device(const struct page_index *index, const char *device, size_t *ret_row);

/* The number of a metric that a limit names, for the subject of a loss. 0, -ENOENT: there is none, -ENOMEM.
 */
int page_find_limit(struct page_view *view, const struct meaning_limit *limit, const char *metric,
                    const char *subject, uint64_t *ret_value);

/* What a counter moves a second now: in its newest point that is known, if that is not long ago; else 0. */
double page_now(const struct trend_line *line);

/* The parts; each appends a whole block. */
void page_verdict(const struct page_view *view, struct buffer *out);
void page_losses(struct page_view *view, struct buffer *out);
void page_others(struct page_view *view, struct buffer *out);
bool page_devices(const struct page_view *view, bool all, struct buffer *out); /* true: some are left out */
void page_sites(const struct page_view *view, struct buffer *out);
