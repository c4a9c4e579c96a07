/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What a drop means: a class out of five, by the reason that the kernel gives and the function that dropped,
 * one sentence for people, and what to do about it. Pure data and its lookup; any thread. The table in
 * docs/runbook/drop-reasons.md is made from it.
 */

#include <stddef.h>

#include "collectors/meaning/remedy.h"

/* One entry. An entry with both texts holds before one with the reason alone, that before the function. */
struct drop_meaning {
    const char *reason;   /* without SKB_DROP_REASON_; NULL: any */
    const char *function; /* NULL: any */
    enum loss_class loss_class;
    enum shared_remedy remedy;
    const char *sentence; /* what happened, and why */
};

extern const struct drop_meaning drop_meanings[];
extern const size_t drop_meaning_count;

/* The entry that holds; NULL: none, the class is unknown. */
const struct drop_meaning *drop_meaning_find(const char *reason, const char *function);
enum loss_class drop_class_of(const char *reason, const char *function);
