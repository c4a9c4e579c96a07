/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Trends: the one place for rates. Every five seconds main looks at the snapshots and records how much each
 * counter of packets (meaning.h, ledger_rule.h) moved; it keeps the last five minutes. Incidents and page
 * read them; the metrics page has none of it, because Prometheus makes better rates.
 *
 * Main makes the steps; any number of readers on any thread get copies. One lock is held while a step is made
 * or lines are selected: well under a millisecond each at 4,000 devices, with no system call but the
 * allocator's, and never while waiting for the kernel.
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
 * Memory: 16 bytes a watched cell of the snapshots, and one record of 280 bytes for each counter that moved
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
    TREND_LINES_MAX = 256, /* the most that a reader can ask for */
    TREND_POINTS_NOW =
        2, /* the points that show the present: more than one, because a growing point is short at first */
};

struct trend;

int trend_new(const struct registry *registry, struct limits *limits,
              struct trend **ret_trend);       /* returns 0 or -ENOMEM */
struct trend *trend_free(struct trend *trend); /* accepts NULL, returns NULL */

/* Makes the steps that are due. Returns true if there was one. Snapshots published since the last step belong
 * to the newest; nothing is known about missed steps. Main thread; `now_ns` is CLOCK_BOOTTIME. */
bool trend_step(struct trend *trend, uint64_t now_ns);

/* Takes in snapshots published since the last step, so that the growing point is up to date. Any thread;
 * costs as much as a step. */
void trend_look(struct trend *trend, uint64_t now_ns);

/* Returns true if a counter with one of these purposes moved within the last `steps` steps. Any thread. */
bool trend_moved(struct trend *trend, unsigned purposes, unsigned steps);

/* One counter as readers see it. */
struct trend_line {
    const struct meaning *meaning;
    bool device;      /* the subject is a network device */
    char subject[64]; /* what loses; "host" if the meaning does not say */
    char cause[160];  /* one line; has names from the kernel and drivers, so escape it */
    double count;     /* packets, over the points asked for */
    double rate;      /* packets a second over the same points, or over earlier ones if those are unknown */
    float points[TREND_POINTS]; /* packets a second, oldest first; NAN if not known */
};

/* Which counters, and over which time. */
struct trend_question {
    unsigned purposes; /* enum purpose, or'ed */
    unsigned points; /* the number of newest points, the growing one included; only counters that moved within
                        them are selected */
};

/* Copies the `max` (up to TREND_LINES_MAX) counters with the largest rates, the largest first. Returns their
 * number. */
size_t trend_select(struct trend *trend, const struct trend_question *question, struct trend_line *lines,
                    size_t max);

/* One counter, as a visitor sees it; valid until the visitor returns. */
struct trend_counter {
    const struct column *column;
    const struct row_set *rows;
    size_t row;
    const struct meaning *meaning;  /* of the row; NULL if only the ledger uses it */
    const struct ledger_rule *rule; /* the same; NULL if it is no loss */
    double count;                   /* packets, over the points asked for */
    double rate;                    /* packets a second now, over TREND_POINTS_NOW */
    double seconds;                 /* the time that these points cover */
};

/* A visitor of the counters. It is called under the lock of the trends, so it must be quick. */
struct trend_visitor {
    bool (*wants)(void *data, const struct trend_counter *counter); /* called before the numbers are known */
    void (*take)(void *data, const struct trend_counter *counter);  /* and then this, before the next one */
    void *data;
};

/* Visits the counters that moved within the requested points, of any purpose and in no order, including those
 * with only a ledger rule, which have no line. Any thread. */
void trend_visit(struct trend *trend, const struct trend_question *question,
                 const struct trend_visitor *visitor);

/* How much is known at all. */
struct trend_extent {
    size_t devices;  /* present devices: rows of the table with ROLE_DEVICES */
    unsigned points; /* steps made, TREND_POINTS at most */
};

void trend_extent(struct trend *trend, struct trend_extent *ret_extent);
