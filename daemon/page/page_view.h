/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The data of the page at /, looked up once for each request: incidents, trends, and the snapshots of all
 * collectors. It lives for one request on one HTTP thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/hash.h"
#include "daemon/incident/loss_report.h"
#include "daemon/page/page.h"
#include "daemon/run/snapshots.h"
#include "daemon/trend/trend.h"

enum { PAGE_LOSSES_MAX = 64 };

/* Finds the rows of a table by device. */
struct page_index {
    const struct table *table; /* NULL if no collector serves it now */
    struct hash_index rows;
};

struct devices;

struct page_view {
    struct snapshots snapshots;
    struct loss_report *report;
    struct page_index links; /* the table of interfaces */
    struct devices *devices; /* made on demand */
    size_t loss_count, other_count, traffic_count;
    struct trend_line losses[PAGE_LOSSES_MAX]; /* of the last five minutes; the worst comes first */
    struct trend_line others[PAGE_LOSSES_MAX];
    struct trend_line traffic[TREND_LINES_MAX];
};

struct page_view *page_view_new(const struct page *page,
                                uint64_t now_ns); /* returns NULL if memory runs out */
void page_view_freep(struct page_view **view);    /* for _cleanup_() */

/* Finds the row of a device. Returns false if there is none. */
bool page_find_device(const struct page_index *index, const char *device, size_t *ret_row);

/* Returns how much a counter moves a second now: by its newest known point if that is recent, otherwise 0. */
double page_now(const struct trend_line *line);

/* The parts; each appends a whole block. */
void page_verdict(const struct loss_report *report, struct buffer *out);
void page_path(const struct loss_report *report, struct buffer *out);
void page_incidents(const struct loss_report *report, struct buffer *out);
void page_counters(const struct page_view *view, struct buffer *out);
void page_sites(const struct page_view *view, struct buffer *out);

/* Appends the devices that lose, or the others: as many as a page shows, or all. Returns true if some are
 * left out. */
bool page_devices(struct page_view *view, bool losing, bool all, struct buffer *out);
void page_devices_free(struct devices *devices); /* accepts NULL */
