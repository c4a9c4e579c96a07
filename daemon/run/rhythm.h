/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Predicts when somebody asks next. Most readers ask again and again, each with a period of its own. If two
 * recent requests are as far apart as the later one is from now, that distance is a period; the shortest one
 * is taken and predicted to go on. From then on the reader is recognised by being about on time. If it is
 * late once, on a busy machine, the next prediction ignores that. If it stays away twice, it is forgotten.
 *
 * Times are CLOCK_BOOTTIME in nanoseconds. No lock of its own.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

enum { RHYTHM_MOMENTS = 64, RHYTHM_FORESEEN = 8 };

/* Requests closer together than this count as one moment. No period shorter than the minimum is considered.
 * */
#define RHYTHM_APART_NS      (NS_PER_SECOND / 20)
#define RHYTHM_PERIOD_MIN_NS (NS_PER_SECOND / 2)

struct rhythm_moment {
    uint64_t at_ns;
    uint64_t collectors; /* the requested collectors, as bits */
    uint64_t period_ns;  /* 0 if it belongs to no period */
    bool missed;         /* for a prediction: nobody asked at the one before */
};

struct rhythm {
    struct rhythm_moment past[RHYTHM_MOMENTS]; /* a ring */
    size_t count;                              /* moments ever recorded */
    struct rhythm_moment foreseen[RHYTHM_FORESEEN];
};

/* Records a request. Returns its period, or 0 if none is known or it came together with another. */
uint64_t rhythm_note(struct rhythm *rhythm, uint64_t collectors, uint64_t now_ns);

/* Returns when a collector is asked for next, after `after_ns`, or UINT64_MAX if that is not known. */
uint64_t rhythm_next(const struct rhythm *rhythm, size_t collector, uint64_t after_ns);
