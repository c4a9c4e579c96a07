/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Fresh numbers at each scrape: a request wakes the collectors whose numbers have grown old, and waits for
 * them, ROUND_WAIT_NS at most. Requests that come together share a round. Nobody waits for a collector that
 * fails, hangs or takes too long: a request may wake a collector, but it never waits for the kernel beyond
 * its deadline. As many collectors are woken at once as there are CPUs, the others in turn; and all that is
 * woken costs at most a twentieth of a CPU, whoever asks and however often. A collector whose rounds take too
 * long is woken ahead of the next request, if that can be predicted (rhythm.h), so that its numbers have the
 * same age at each scrape, and rates made from them are right. If it is about to end when the request comes,
 * this waits for it.
 *
 * HTTP threads ask, runners report when a round begins and ends, and a thread of its own ends the waiting of
 * requests whose time is over. One lock; the callbacks that wake a waiter or a runner are called without it.
 * Times are CLOCK_BOOTTIME in nanoseconds.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "daemon/run/registry.h"
#include "daemon/run/round_history.h"
#include "daemon/run/round_waiters.h"

/* How long a request waits. */
#define ROUND_WAIT_NS (NS_PER_SECOND / 10)

/* How long the collectors that come last wait for the others. */
#define ROUND_HELD_NS (ROUND_WAIT_NS / 2)

/* How old served numbers may be, unless their interval is shorter; and for a reader with a known period, as a
 * part of that period: its rates are off by that part at most. */
#define ROUND_FRESH_NS NS_PER_SECOND
enum { ROUND_FRESH_PART = 128 };

/* What requested rounds may cost: one part in so many of a CPU, and of the time that the RTNL lock is held;
 * and how much of that is saved up. */
enum { ROUND_CPU_SHARE = 20, ROUND_RTNL_SHARE = 5 };
#define ROUND_CPU_SAVED_NS  (NS_PER_SECOND / 4)
#define ROUND_RTNL_SAVED_NS NS_PER_SECOND

struct rounds;

/* What wakes the runner of a slot. */
struct rounds_caller {
    void (*call)(void *data, size_t slot);
    void *data;
};

/* What a requested round may cost. */
struct rounds_terms {
    size_t at_once; /* collectors that may be woken at the same time */
    uint64_t rtnl;  /* the collectors that hold the RTNL lock while they collect, as bits */
    uint64_t last;  /* those that are woken once the others' rounds have ended, or after ROUND_HELD_NS */
};

/* What somebody asks for, a bit each. */
struct round_demand {
    uint64_t collectors;  /* their numbers */
    uint64_t attachments; /* of these also what they attach to them */
};

/* What a round is to give beside numbers. */
struct round_order {
    bool cost;       /* what it cost, in its result */
    bool attachment; /* somebody asks for what is attached */
};

/* The result of a round. */
struct round_result {
    bool published;
    uint64_t cpu_ns; /* CPU time of its thread, if it was wanted */
};

/* Makes it without a thread. Borrows the registry. Returns 0 or -errno. */
int rounds_new(struct registry *registry, const struct rounds_caller *caller,
               const struct rounds_terms *terms, struct rounds **ret_rounds);
struct rounds *rounds_free(struct rounds *rounds); /* accepts NULL, returns NULL */

/* Starts the thread. Returns 0 or -errno. */
int rounds_start(struct rounds *rounds);

/* Ends the thread and wakes all waiting requests. From now on none waits. */
void rounds_stop(struct rounds *rounds);

/* Called for a request: wakes the collectors that must be woken. Returns those whose rounds are worth
 * waiting for, as bits, or 0 if the present numbers can be served. */
uint64_t rounds_ask(struct rounds *rounds, const struct round_demand *demand, uint64_t now_ns);

/* Waits for rounds that rounds_ask() named, unless they have ended meanwhile. */
void rounds_wait(struct rounds *rounds, struct round_waiter *waiter);

/* Wakes all waiting requests, because the collectors have changed. */
void rounds_release(struct rounds *rounds);

/* Makes one turn of the thread, also for tests: wakes requests whose time is over, and slow collectors ahead
 * of the next request. Returns when to call it again, UINT64_MAX if nobody waits, or 0 if the thread must
 * end. */
uint64_t rounds_turn(struct rounds *rounds, uint64_t now_ns);

/* Called by the runner of a slot when a round begins and when it ends. `rounds` may be NULL if nobody asks.
 */
struct round_order rounds_begin(struct rounds *rounds, size_t slot, uint64_t now_ns);
void rounds_end(struct rounds *rounds, size_t slot, const struct round_result *result, uint64_t now_ns);
