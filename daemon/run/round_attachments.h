/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What a collector attaches to its snapshot (struct attachment) costs it something, and is made only while
 * somebody asks for it: by the next round, and by all others for a while, so that who asks again and again
 * finds it where no round can be afforded. A bit a slot. No lock of its own; CLOCK_BOOTTIME in nanoseconds.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

#define ROUND_ATTACHED_NS (15 * NS_PER_SECOND)

struct round_attachments {
    uint64_t asked;    /* by who waits for it, or will */
    uint64_t made;     /* by the round going on */
    uint64_t lasts;    /* it is made by each round until then */
    uint64_t until_ns; /* of all of them */
};

/* Somebody asks; `waits` says for which of these a round is on its way, or about to be. */
static inline void round_attachments_ask(struct round_attachments *attachments, uint64_t slots,
                                         uint64_t waits, uint64_t now_ns)
{
    if (!slots)
        return;
    attachments->asked |= slots & waits;
    attachments->lasts |= slots;
    attachments->until_ns = now_ns + ROUND_ATTACHED_NS;
}

/* A round begins: whether it makes it. */
static inline bool round_attachments_begin(struct round_attachments *attachments, uint64_t slot,
                                           uint64_t now_ns)
{
    if (now_ns >= attachments->until_ns)
        attachments->lasts = 0;
    attachments->made = (attachments->made & ~slot) | ((attachments->asked | attachments->lasts) & slot);
    return attachments->made & slot;
}

/* Notes that it ended. Returns false if it was asked for after the round had begun, and another round is
 * needed. */
static inline bool round_attachments_end(struct round_attachments *attachments, uint64_t slot, bool published)
{
    if (published && attachments->asked & slot & ~attachments->made)
        return false;
    attachments->asked &= ~slot;
    return true;
}
