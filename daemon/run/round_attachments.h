/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Which collectors attach something to their snapshots (struct attachment). That costs something, so they do
 * it only while somebody asks: in the next round, and in all others for a while, so that a reader who asks
 * repeatedly finds it even if no round can be afforded. One bit for each slot. No lock of its own; times are
 * CLOCK_BOOTTIME in nanoseconds.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

#define ROUND_ATTACHED_NS (15 * NS_PER_SECOND)

struct round_attachments {
    uint64_t asked;    /* by readers that wait for a round */
    uint64_t made;     /* by the present round */
    uint64_t lasts;    /* by every round until `until_ns` */
    uint64_t until_ns; /* the end of `lasts` */
};

/* Notes that somebody asks for the attachments of `slots`. `waits` has those whose round is under way or
 * will be. */
static inline void round_attachments_ask(struct round_attachments *attachments, uint64_t slots,
                                         uint64_t waits, uint64_t now_ns)
{
    if (!slots)
        return;
    attachments->asked |= slots & waits;
    attachments->lasts |= slots;
    attachments->until_ns = now_ns + ROUND_ATTACHED_NS;
}

/* Notes that a round begins. Returns true if it must make the attachment. */
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
