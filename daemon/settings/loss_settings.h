/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * When losing packets is worth a word in the log: the section "loss" of the configuration. Pure data.
 */

#include <stdint.h>

#include "base/clock.h"
#include "config/option.h"

/* What the trends can answer: no less than two of their steps, no more than they remember. */
#define LOSS_WINDOW_MIN_NS (10 * NS_PER_SECOND)
#define LOSS_WINDOW_MAX_NS (300 * NS_PER_SECOND)
#define LOSS_END_MIN_NS    (5 * NS_PER_SECOND)

struct loss_settings {
    uint64_t window_ns;
    uint64_t onset_packets;
    uint64_t end_after_ns;
    uint64_t messages_per_minute; /* onsets that are said; the end of one that was said always is */
};

extern const struct option_table loss_options;
