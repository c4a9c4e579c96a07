/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* When the log reports lost packets: the section "loss" of the configuration. Constant data; any thread. */

#include <stdint.h>

#include "base/clock.h"
#include "config/option.h"

/* Bounded by the trends: at least two of their steps, at most what they remember. */
#define LOSS_WINDOW_MIN_NS (10 * NS_PER_SECOND)
#define LOSS_WINDOW_MAX_NS (300 * NS_PER_SECOND)
#define LOSS_END_MIN_NS    (5 * NS_PER_SECOND)

struct loss_settings {
    uint64_t window_ns;
    uint64_t onset_packets;
    uint64_t end_after_ns;
    uint64_t messages_per_minute; /* reported onsets; the end of a reported one is always reported */
};

extern const struct option_table loss_options;
