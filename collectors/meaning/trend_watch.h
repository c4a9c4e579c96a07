/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Which metrics have a history, and what they mean to people: one table. A collector joins with a line here;
 * nothing else need know of it. Pure data and its lookup; any thread.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/table/table.h"
#include "collectors/meaning/drop_meaning.h"

/* Bits, so that a reader can ask for several. */
enum trend_kind {
    TREND_TRAFFIC = 1 << 0, /* packets that went through */
    TREND_LOSS = 1 << 1,    /* packets lost that somebody waits for: the NIC's, the kernel's, the link's */
    TREND_OTHER = 1 << 2,   /* packets dropped as configured, that nobody misses, or for an unknown reason */
    TREND_NOW = 1 << 7,     /* no kind: asks for the point that grows, too */
};

/*
 * Texts are templates: {label} stands for the row's label, blanks at the ends are cut. Where layers overlap
 * and two entries lose alike, the later one in the table tells more and is the one to name.
 */
struct trend_watch {
    const char *metric; /* name of the column */
    const char *label;  /* only rows whose label has this value; NULL: all rows that no line above took */
    const char *value;
    bool from_zero; /* a row comes with its first packet, and counts from 0: all that it counts is new */
    enum trend_kind kind;
    const char *subject;         /* what loses: "{device}", "udp" */
    const char *cause;           /* how: "receive missed", "{reason} in {function}" */
    const struct remedy *advice; /* what to do; NULL: a drop site, which its meaning tells */
};

extern const struct trend_watch trend_watches[];
extern const size_t trend_watch_count;

/* The family that has one row a device, for who counts devices. */
extern const char trend_devices_metric[];

/* The first entry for a metric; NULL: it is not watched. Its other entries follow it. */
const struct trend_watch *trend_watch_find(const char *metric);

/* The one among them that a row belongs to; NULL: none. */
const struct trend_watch *trend_watch_row(const struct trend_watch *first, const struct row_set *rows,
                                          size_t row);

/* What the kernel's reason and function of a row mean; NULL: it has none, or nobody knows. */
const struct drop_meaning *trend_watch_meaning(const struct row_set *rows, size_t row);

/* Fills the template in, cut where it is too long. */
void trend_watch_text(const char *pattern, const struct row_set *rows, size_t row, char *buffer, size_t size);
