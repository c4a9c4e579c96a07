/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What a drop means, by the reason that the kernel gives and the function that dropped: its cause, and one
 * sentence for people. Constant data and its lookup; any thread. The table in
 * docs/runbook/drop-reasons.md is made from it.
 */

#include <stdbool.h>
#include <stddef.h>

#include "collectors/meaning/drop_cause.h"

/* What tells drops apart that have a reason and a function in common. Bits: a source may know several, or
 * none. */
enum drop_circumstance {
    DROP_NO_CARRIER = 1 << 0, /* the device that it was to leave by has none, or none yet */
    DROP_TO_GROUP = 1 << 1,   /* it is a broadcast or multicast; without carrier: IPv6's, without a source */
    DROP_TO_HOST = 1 << 2,    /* it is not */
    DROP_CIRCUMSTANCE_LAST = DROP_TO_HOST
};

/* One entry. If several match, the most specific holds: first one with a reason and a function, then a
 * function that decides, a reason, the beginning of a reason, a function. Of two alike, the one that asks
 * for a circumstance. */
struct drop_meaning {
    const char *reason;                  /* without SKB_DROP_REASON_; a star as below; NULL if any */
    const char *function;                /* a star at its end stands for any more; NULL if any */
    bool decides;                        /* whatever the reason */
    enum drop_circumstance circumstance; /* 0 if any */
    enum drop_cause cause;
    const char *sentence; /* what happened, and why */
};

/* Returns all entries one after another, in the order of the document, and NULL behind the last. */
const struct drop_meaning *drop_meaning_at(size_t i);

/* Returns the entry that holds, or NULL if the cause is unknown. */
const struct drop_meaning *drop_meaning_find(const char *reason, const char *function,
                                             unsigned circumstances);
enum drop_cause drop_cause_of(const char *reason, const char *function, unsigned circumstances);
enum loss_class drop_class_of(const char *reason, const char *function, unsigned circumstances);

/* Returns the direction of all packets that are dropped for this cause, or by this function. NONE if they do
 * not all have the same. */
enum direction drop_direction_of(enum drop_cause cause, const char *function);

/* Returns true if a packet that was dropped for it had reached its socket, even if the kernel does not say
 * which. */
bool drop_reason_of_socket(const char *reason);

/* Does the same from the labels of a row, whose class tells in which circumstance it was. */
const struct drop_meaning *drop_meaning_of_class(const char *reason, const char *function,
                                                 const char *loss_class);
