/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What a drop means: a class out of five, by the reason that the kernel gives and the function that dropped,
 * one sentence for people, and what to do about it. Pure data and its lookup; any thread. The table in
 * docs/runbook/drop-reasons.md is made from it.
 */

#include <stdbool.h>
#include <stddef.h>

#include "collectors/meaning/remedy.h"

/* What tells drops apart that have a reason and a function in common. Bits: a source may know several, or
 * none. */
enum drop_circumstance {
    DROP_NO_CARRIER = 1 << 0, /* the device that it was to leave by has none */
    DROP_TO_GROUP = 1 << 1,   /* its link-layer address is a broadcast or multicast one */
    DROP_TO_HOST = 1 << 2,    /* it is not */
    DROP_CIRCUMSTANCE_LAST = DROP_TO_HOST
};

/* One entry. With a reason and a function it holds before all others, then a function that decides, a reason,
 * a function; of two alike the one that asks for a circumstance, where it is met. */
struct drop_meaning {
    const char *reason;                  /* without SKB_DROP_REASON_; NULL: any */
    const char *function;                /* a star at its end stands for any more; NULL: any */
    bool decides;                        /* whatever the reason */
    enum drop_circumstance circumstance; /* 0: any */
    enum loss_class loss_class;
    enum shared_remedy remedy;
    const char *sentence; /* what happened, and why */
};

/* All entries, in the order of the document; NULL behind the last. */
const struct drop_meaning *drop_meaning_at(size_t i);

/* The entry that holds; NULL: none, the class is unknown. */
const struct drop_meaning *drop_meaning_find(const char *reason, const char *function,
                                             unsigned circumstances);
enum loss_class drop_class_of(const char *reason, const char *function, unsigned circumstances);

/* The same from the labels of a row, where the class tells in which circumstance it was. */
const struct drop_meaning *drop_meaning_of_class(const char *reason, const char *function,
                                                 const char *loss_class);
