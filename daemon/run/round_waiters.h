/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The requests that wait for rounds. Under the lock of the rounds; those taken out of the list are woken
 * without it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/run/registry.h"

/* One waiting request. It belongs to the request, except between rounds_wait() and wake(). */
struct round_waiter {
    struct round_waiter *next;
    uint64_t collectors; /* the collectors whose rounds have not ended, as bits */
    uint64_t deadline_ns;
    void (*wake)(void *data); /* called on any thread, possibly within rounds_wait() */
    void *data;
};

/* All waiting requests, in no order. */
struct round_waiters {
    struct round_waiter *first;
};

void round_waiters_add(struct round_waiters *waiters, struct round_waiter *waiter);

/* Records the end of a round, and counts it for each request that waited for it. Takes out those that wait
 * for nothing else. */
void round_waiters_tell(struct round_waiters *waiters, struct registry *registry, size_t slot, bool published,
                        struct round_waiters *ret_over);

/* Takes out the requests whose time is over, and counts what they waited for. Returns the next deadline, or
 * UINT64_MAX if there is none. */
uint64_t round_waiters_give_up(struct round_waiters *waiters, struct registry *registry, uint64_t now_ns,
                               struct round_waiters *ret_over);

/* Wakes all of them. */
void round_waiters_wake(struct round_waiters *waiters);
