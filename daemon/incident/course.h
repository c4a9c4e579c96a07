/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The course of losses: what each row of the ledger had counted at times within the last minutes, and since
 * when it loses. Rows of the transport, where a socket loses packets of any interface, share one course; each
 * other row has its own. Pure memory; readings give the time. One thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "collectors/meaning/cause_words.h"
#include "daemon/incident/bursts.h"
#include "daemon/incident/facts_kept.h"
#include "daemon/incident/incident.h"
#include "daemon/ledger/ledger.h"

enum { COURSE_POINTS = 80 };

/* Between two points that are kept: so many of them are more than five minutes. */
#define COURSE_STEP_NS (4 * NS_PER_SECOND)
/* A loss that has paused for this long has ended. */
#define COURSE_END_NS (60 * NS_PER_SECOND)
/* What is told of the past. */
#define COURSE_PAST_NS (300 * NS_PER_SECOND)
/* What goes on now is told by the last so many. */
#define COURSE_NOW_NS (10 * NS_PER_SECOND)

struct course {
    struct ledger_key key;             /* with another device where those of several are together */
    uint64_t id;                       /* of this key, always the same */
    const struct cause_meaning *cause; /* of the drop sites; NULL if the cause is a counter's */
    char device[LEDGER_DEVICE_SIZE];   /* the one, or the first of several; "": none of our own namespace */
    unsigned device_count;             /* since it began */
    uint64_t count;                    /* packets since the ledger began */
    uint64_t begin_count;              /* the same, when it began */
    uint64_t since_ns;                 /* when it began: at this moment it still stood still */
    uint64_t moved_ns;                 /* when it moved last; 0 if it never did */
    struct bursts_base bursts;
    struct facts_kept kept;
    enum colour colour;             /* the worst that it was told in, since it began */
    uint64_t counts[COURSE_POINTS]; /* the packets at the moments of struct courses */
};

struct course_row {
    uint32_t course; /* + 1; 0 if it never moved */
    uint64_t count;
    uint64_t counted_ns; /* `since_ns` of the course, when it was counted among its devices */
};

struct courses {
    struct course **items; /* those that ever moved */
    size_t count;
    size_t capacity;
    struct course_row *rows[2]; /* of what is lost, refused */
    size_t row_count[2];
    size_t row_capacity[2];
    uint64_t times[COURSE_POINTS];
    unsigned newest; /* of the points, in a ring */
    unsigned known;  /* how many of them */
};

/* Begins at a time (CLOCK_BOOTTIME) at which nothing was lost yet. */
void courses_init(struct courses *courses, uint64_t now_ns);
void courses_done(struct courses *courses); /* accepts a zeroed one */

/* Takes a reading in. Returns 0, or -ENOMEM, and then what is missing comes with the next one. */
int courses_take(struct courses *courses, const struct ledger_reading *reading);

/* The moment of the newest reading. */
uint64_t courses_now(const struct courses *courses);

/* Returns true if it moved within the last minute. */
bool course_goes_on(const struct course *course, uint64_t now_ns);

/* Returns the point that is `span_ns` ago, or a little more; the oldest if none is. */
unsigned courses_point(const struct courses *courses, uint64_t span_ns);

/* Returns the packets lost since a point, including those before a pause. */
uint64_t course_lost(const struct course *course, unsigned point);

/* Returns the packets lost a second over the last `span_ns`, or since it began if that is shorter. */
double course_rate(const struct courses *courses, const struct course *course, uint64_t span_ns);

/* Returns in what part of the known steps since it began it moved, 0 to 1, or NAN if too few are known. */
double course_steadiness(const struct courses *courses, const struct course *course);
