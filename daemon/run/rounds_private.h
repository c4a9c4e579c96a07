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
    uint64_t begin_ns; /* of the round going on; of one that has yet to begin, when it was asked for */
    struct round_history history;
    uint64_t target_ns; /* for when it is to be ready; UINT64_MAX if it is not slow, or nobody knows */
};

struct rounds {
    struct registry *registry;
    struct rounds_caller caller;
    struct rounds_terms terms;
    struct alarm alarm;

    bool running; /* main: the thread is there */
    pthread_t thread;

    pthread_mutex_t lock; /* of what follows */
    bool stopping;
    uint64_t queued;    /* a bit a slot: to be woken when it is its turn */
    uint64_t woken;     /* and was; its round has not ended, nor lasted too long */
    uint64_t under_way; /* its round has begun, by whatever, and not ended */
    uint64_t asked_for; /* what its round costs is on the budget */
    uint64_t slow;
    struct round_attachments attachments;
    struct round_waiters waiters;
    uint64_t deadline_ns; /* of the first of them; of all three UINT64_MAX: there is none */
    uint64_t ahead_ns;    /* when the first slow one is to begin */
    uint64_t held_ns;     /* until when those that come last are held up */
    struct rhythm rhythm;
    struct budget cpu;
    struct budget rtnl; /* that lock, held */
    struct round_slot slots[];
};

/* Sets the alarm to what is first; to stop, to now. With the lock. */
void rounds_set_alarm(struct rounds *rounds);
