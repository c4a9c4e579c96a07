/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What rounds.c and rounds_life.c share. */

#include <pthread.h>

#include "daemon/run/alarm.h"
#include "daemon/run/budget.h"
#include "daemon/run/rhythm.h"
#include "daemon/run/round_attachments.h"
#include "daemon/run/round_history.h"
#include "daemon/run/rounds.h"

struct round_slot {
    uint64_t begin_ns; /* when the present round began, or, if it has not, when it was requested */
    struct round_history history;
    uint64_t target_ns; /* when it must be ready; UINT64_MAX if it is not slow, or if that is not known */
};

struct rounds {
    struct registry *registry;
    struct rounds_caller caller;
    struct rounds_terms terms;
    struct alarm alarm;

    bool running; /* set by main: the thread exists */
    pthread_t thread;

    pthread_mutex_t lock; /* protects what follows */
    bool stopping;
    uint64_t queued;    /* one bit for each slot: to be woken in its turn */
    uint64_t woken;     /* was woken; its round has neither ended nor lasted too long */
    uint64_t under_way; /* its round has begun, for whatever reason, and not ended */
    uint64_t asked_for; /* its round is charged to the budget */
    uint64_t slow;
    struct round_attachments attachments;
    struct round_waiters waiters;
    uint64_t deadline_ns; /* of the first waiter; this and the next two are UINT64_MAX if there is none */
    uint64_t ahead_ns;    /* when the first slow collector must begin */
    uint64_t held_ns;     /* until when the collectors that come last wait */
    struct rhythm rhythm;
    struct budget cpu;
    struct budget rtnl; /* the time that the RTNL lock is held */
    struct round_slot slots[];
};

/* Sets the alarm to the earliest of these times, or to now if the thread must stop. Call it with the lock. */
void rounds_set_alarm(struct rounds *rounds);
