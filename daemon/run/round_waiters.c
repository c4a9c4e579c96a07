/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/run/round_waiters.h"

/* The list of threads that wait for rounds. Called under the lock of the rounds. */

void round_waiters_add(struct round_waiters *waiters, struct round_waiter *waiter)
{
    waiter->next = waiters->first;
    waiters->first = waiter;
}

static void move_waiter(struct round_waiter **at, struct round_waiters *waiters)
{
    struct round_waiter *waiter = *at;

    *at = waiter->next;
    round_waiters_add(waiters, waiter);
}

void round_waiters_tell(struct round_waiters *waiters, struct registry *registry, size_t slot, bool published,
                        struct round_waiters *ret_over)
{
    uint64_t bit = UINT64_C(1) << slot;

    for (struct round_waiter **at = &waiters->first; *at;) {
        struct round_waiter *waiter = *at;

        if (waiter->collectors & bit)
            registry_waited(registry, slot, published ? WAIT_FRESH : WAIT_LATE);
        waiter->collectors &= ~bit;
        if (waiter->collectors)
            at = &waiter->next;
        else
            move_waiter(at, ret_over);
    }
}

uint64_t round_waiters_give_up(struct round_waiters *waiters, struct registry *registry, uint64_t now_ns,
                               struct round_waiters *ret_over)
{
    uint64_t next_ns = UINT64_MAX;

    for (struct round_waiter **at = &waiters->first; *at;) {
        struct round_waiter *waiter = *at;

        if (waiter->deadline_ns > now_ns) {
            next_ns = waiter->deadline_ns < next_ns ? waiter->deadline_ns : next_ns;
            at = &waiter->next;
            continue;
        }
        registry_waited_all(registry, waiter->collectors, WAIT_LATE);
        move_waiter(at, ret_over);
    }
    return next_ns;
}

void round_waiters_wake(struct round_waiters *waiters)
{
    while (waiters->first) {
        struct round_waiter *waiter = waiters->first;

        waiters->first = waiter->next; /* from wake() on its owner may free it */
        waiter->wake(waiter->data);
    }
}
