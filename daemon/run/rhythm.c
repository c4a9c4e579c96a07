/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/run/rhythm.h"

/* Predicts the next request. Called under the lock of its owner. */

/* How precise a scraper's period is: a share of the period, plus the delay of a busy machine. */
static uint64_t tolerance_ns(uint64_t period_ns)
{
    return period_ns / 64 + NS_PER_SECOND / 100;
}

static struct rhythm_moment *past(struct rhythm *rhythm, size_t ago)
{
    return &rhythm->past[(rhythm->count - 1 - ago) % RHYTHM_MOMENTS];
}

/* Compares the distance of two moments with that between the later one and now. Returns a negative number if
 * the two moments are farther apart. */
static int64_t excess_ns(struct rhythm *rhythm, size_t later, size_t earlier, uint64_t now_ns)
{
    uint64_t period_ns = now_ns - past(rhythm, later)->at_ns;

    return (int64_t)(past(rhythm, earlier)->at_ns + period_ns - past(rhythm, later)->at_ns);
}

/* Both indexes only move back, so that the search is linear. */
static uint64_t find_period(struct rhythm *rhythm, uint64_t now_ns)
{
    size_t known = rhythm->count < RHYTHM_MOMENTS ? rhythm->count : RHYTHM_MOMENTS;

    for (size_t later = 0, earlier = 1; later < known; later++) {
        uint64_t period_ns = now_ns - past(rhythm, later)->at_ns;
        int64_t tolerance = (int64_t)tolerance_ns(period_ns);

        if (period_ns < RHYTHM_PERIOD_MIN_NS)
            continue;
        earlier = earlier > later ? earlier : later + 1;
        while (earlier < known && excess_ns(rhythm, later, earlier, now_ns) > tolerance)
            earlier++;
        if (earlier < known && excess_ns(rhythm, later, earlier, now_ns) >= -tolerance)
            return (now_ns - past(rhythm, earlier)->at_ns) / 2; /* the average evens out a late request */
    }
    return 0;
}

/* How far a moment may be off. */
static uint64_t margin_ns(uint64_t period_ns)
{
    return period_ns / 32;
}

/* Moves on moments whose time passed without a request. Forgets them the second time. */
static void pass_by(struct rhythm *rhythm, uint64_t now_ns)
{
    for (size_t i = 0; i < RHYTHM_FORESEEN; i++) {
        struct rhythm_moment *moment = &rhythm->foreseen[i];

        if (!moment->at_ns || now_ns <= moment->at_ns + margin_ns(moment->period_ns))
            continue;
        moment->at_ns += moment->period_ns;
        if (moment->missed || now_ns > moment->at_ns + margin_ns(moment->period_ns))
            *moment = (struct rhythm_moment){};
        else
            moment->missed = true;
    }
}

/* Returns the expected moment that this request fits, or NULL if none does. */
static struct rhythm_moment *find_foreseen(struct rhythm *rhythm, uint64_t now_ns)
{
    struct rhythm_moment *nearest = NULL;
    uint64_t nearest_ns = UINT64_MAX;

    for (size_t i = 0; i < RHYTHM_FORESEEN; i++) {
        struct rhythm_moment *moment = &rhythm->foreseen[i];
        uint64_t away_ns = moment->at_ns > now_ns ? moment->at_ns - now_ns : now_ns - moment->at_ns;

        if (moment->at_ns && away_ns <= margin_ns(moment->period_ns) && away_ns < nearest_ns) {
            nearest = moment;
            nearest_ns = away_ns;
        }
    }
    return nearest;
}

/* Expects the next request. Mostly ignores the delay of this one, which is an accident. */
static void follow(struct rhythm_moment *moment, uint64_t now_ns)
{
    int64_t late_ns = (int64_t)(now_ns - moment->at_ns);

    moment->period_ns += (uint64_t)(late_ns / 32);
    moment->at_ns += moment->period_ns + (uint64_t)(late_ns / 8);
    moment->missed = false;
}

/* Replaces the moment furthest in the past; free ones are at 0. */
static void foresee(struct rhythm *rhythm, const struct rhythm_moment *now)
{
    struct rhythm_moment *place = &rhythm->foreseen[0];

    for (size_t i = 0; i < RHYTHM_FORESEEN; i++)
        if (rhythm->foreseen[i].at_ns < place->at_ns)
            place = &rhythm->foreseen[i];
    *place = *now;
    place->at_ns += now->period_ns;
}

uint64_t rhythm_note(struct rhythm *rhythm, uint64_t collectors, uint64_t now_ns)
{
    struct rhythm_moment now = {.at_ns = now_ns, .collectors = collectors};
    struct rhythm_moment *known;

    if (rhythm->count && now_ns < past(rhythm, 0)->at_ns + RHYTHM_APART_NS) {
        past(rhythm, 0)->collectors |= collectors;
        return 0;
    }
    pass_by(rhythm, now_ns);
    known = find_foreseen(rhythm, now_ns);
    if (known) {
        now.period_ns = known->period_ns;
        known->collectors = collectors;
        follow(known, now_ns);
    } else {
        now.period_ns = find_period(rhythm, now_ns);
        if (now.period_ns)
            foresee(rhythm, &now);
    }
    rhythm->past[rhythm->count++ % RHYTHM_MOMENTS] = now;
    return now.period_ns;
}

uint64_t rhythm_next(const struct rhythm *rhythm, size_t collector, uint64_t after_ns)
{
    uint64_t next_ns = UINT64_MAX;

    for (size_t i = 0; i < RHYTHM_FORESEEN; i++) {
        const struct rhythm_moment *moment = &rhythm->foreseen[i];
        uint64_t at_ns = moment->at_ns;

        if (at_ns <= after_ns && !moment->missed)
            at_ns += moment->period_ns;
        if (at_ns > after_ns && at_ns < next_ns && moment->collectors >> collector & 1)
            next_ns = at_ns;
    }
    return next_ns;
}
