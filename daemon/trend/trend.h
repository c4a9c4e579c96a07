/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Trends: the one home of rates. Every five seconds main looks at the snapshots and notes by how much each
 * counter that means packets (meaning.h) moved; the last five minutes of what moved are kept. The status
 * line, the journal, the page and a terminal read them; nothing of it is on the metrics page, where
 * Prometheus makes rates better.
 *
 * Shared by main, which makes the steps, and any number of readers on any thread, who get copies. One lock,
 * held while a step is made or lines are picked: well under a millisecond each at 4,000 devices, no system
 * call but the allocator's, nothing waits for the kernel in it.
 *
 * What is true of the numbers:
 * - A rate is what a counter moved between two snapshots, by the time between these two: exact whatever
 *   the collector's interval. A collector slower than the steps has points that are not known in between.
 * - A counter that went back (a driver was reset, an interface made anew) has one point that is not known;
 *   an interface that came within a step has its first point at the next. An interface that is gone has no
 *   line. While a collector's snapshot is too old to be served, nothing is known of its counters; what they
 *   moved meanwhile is in no point.
 * - A reload that leaves names and labels alone leaves the history alone.
 *
 * Memory: 16 bytes a watched cell of the snapshots, and one record of 272 bytes for each counter that moved
 * within the last five minutes, TREND_SERIES_MAX of them. Steady steps allocate nothing.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/table/meaning.h"
#include "daemon/run/registry.h"

#define TREND_STEP_NS (5 * NS_PER_SECOND)

enum {
    TREND_POINTS = 60,
    TREND_POINTS_A_MINUTE = 12,
    TREND_SERIES_MAX = 16384,
    TREND_LINES_MAX = 256, /* that a reader can ask for */
};

struct trend;

int trend_new(const struct registry *registry, struct limits *limits, struct trend **ret_trend); /* -ENOMEM */
struct trend *trend_free(struct trend *trend); /* accepts NULL, returns NULL */

/* Makes a step where one is due; true where it did. Main thread; `now_ns` is CLOCK_BOOTTIME. */
bool trend_step(struct trend *trend, uint64_t now_ns);

/* Takes in what was published since the last step: the point that grows is then of now, for readers who ask
 * for it. Any thread; costs as much as a step. */
void trend_look(struct trend *trend, uint64_t now_ns);

/* One counter as readers see it. */
struct trend_line {
    const struct meaning *meaning;
    bool device;          /* the subject is a network device */
    char subject[64];     /* what loses, "host" where the meaning does not tell */
    char cause[160];      /* one line; names of the kernel's and of drivers: data, to be escaped */
    double count;         /* packets, over the points asked for */
    double rate;          /* packets a second, over the same; where nothing is known there, before */
    double last;          /* packets, in the last step */
    const char *sentence; /* what happened, without its end; NULL: the cause says it all, or nobody knows */
    const struct remedy *remedy; /* NULL: none is known */
    float points[TREND_POINTS];  /* packets a second, oldest first; NAN: not known */
};

/* Which counters, and over which time. */
struct trend_question {
    unsigned purposes; /* enum purpose, or'ed */
    unsigned points;   /* the last so many; those that moved within them are told */
    bool growing;      /* the newest of them is the point that grows, else the last that is finished */
};

/* Copies the `max` (up to TREND_LINES_MAX) counters that moved most, the one with the greatest rate first.
 * Returns how many there are. */
size_t trend_select(struct trend *trend, const struct trend_question *question, struct trend_line *lines,
                    size_t max);

/* What is known at all. */
struct trend_extent {
    size_t devices;   /* that there are now: rows of the table with ROLE_DEVICES */
    unsigned sources; /* tables with watched counters that are known now: 0, and silence means nothing */
    unsigned points;  /* steps made, TREND_POINTS at most */
};

void trend_extent(struct trend *trend, struct trend_extent *ret_extent);
