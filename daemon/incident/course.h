/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The course of losses: what each row of the ledger had counted at moments of the last minutes, and since
 * when it loses. In the stage transport, where a socket loses packets of any interface, rows share a course;
 * every other row has its own. Pure memory; readings give the time. One thread.
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

/* The time between two kept points. All of them together are more than five minutes. */
#define COURSE_STEP_NS (4 * NS_PER_SECOND)
/* A loss that has paused for this long has ended. */
#define COURSE_END_NS (60 * NS_PER_SECOND)
/* The past that is reported. */
#define COURSE_PAST_NS (300 * NS_PER_SECOND)
/* The time over which the present rate is measured. */
#define COURSE_NOW_NS (10 * NS_PER_SECOND)

struct course {
    struct ledger_key key; /* its device stands for all if rows of several devices share the course */
    uint64_t id;           /* of this key, always the same */
    const struct cause_meaning *cause; /* of the drop sites; NULL if the cause is a counter's */
    char device[LEDGER_DEVICE_SIZE];   /* the only or the first device; "" if none of our own namespace */
    unsigned device_count;             /* since it began */
    uint64_t count;                    /* packets since the ledger began */
    uint64_t begin_count;              /* the same, when it began */
    uint64_t since_ns;                 /* when it began: at this moment it still stood still */
    uint64_t moved_ns;                 /* when it moved last; 0 if it never did */
    struct bursts_base bursts;
    struct facts_kept kept;
    enum colour colour;             /* the worst colour that was shown since it began */
    uint64_t counts[COURSE_POINTS]; /* packets at each moment in `times` */
};

struct course_row {
    uint32_t course; /* index + 1; 0 if it never moved */
    uint64_t count;
    uint64_t counted_ns; /* `since_ns` of the course, when it was counted among its devices */
};

struct courses {
    struct course **items; /* courses that ever moved */
    size_t count;
    size_t capacity;
    struct course_row *rows[2]; /* of lost and of refused packets */
    size_t row_count[2];
    size_t row_capacity[2];
    uint64_t times[COURSE_POINTS];
    unsigned newest; /* the newest point in the ring */
    unsigned known;  /* how many points are known */
};

/* Begins at a time (CLOCK_BOOTTIME) at which nothing was lost yet. */
void courses_init(struct courses *courses, uint64_t now_ns);
void courses_done(struct courses *courses); /* accepts a zeroed one */

/* Takes a reading in. Returns 0, or -ENOMEM, and then the next reading brings what is missing. */
int courses_take(struct courses *courses, const struct ledger_reading *reading);

/* Returns the moment of the newest reading. */
uint64_t courses_now(const struct courses *courses);

/* Returns true if it moved within the last minute. */
bool course_goes_on(const struct course *course, uint64_t now_ns);

/* Returns the point that is `span_ns` ago, or a little more; the oldest if none is. */
unsigned courses_point(const struct courses *courses, uint64_t span_ns);

/* Returns the packets lost since a point, including those before a pause. */
uint64_t course_lost(const struct course *course, unsigned point);

/* Returns the packets lost a second over the last `span_ns`, or since it began if that is shorter. */
double course_rate(const struct courses *courses, const struct course *course, uint64_t span_ns);

/* Returns the part of the known steps since its beginning in which it moved, 0 to 1. Returns NAN if too few
 * are known. */
double course_steadiness(const struct courses *courses, const struct course *course);
