/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/settings/loss_settings.h"

/* The options of the section "loss". Constant data; main thread. */

static const struct option option_list[] = {
    {.key = "window",
     .type = OPTION_DURATION,
     .offset = offsetof(struct loss_settings, window_ns),
     .default_text = "1m",
     .min = LOSS_WINDOW_MIN_NS,
     .max = LOSS_WINDOW_MAX_NS,
     .help = "time over which the log counts lost packets"},
    {.key = "onset_packets",
     .type = OPTION_UINT,
     .offset = offsetof(struct loss_settings, onset_packets),
     .default_text = "60",
     .min = 1,
     .max = 1000000000,
     .help = "packets lost by one cause within the window before the log reports it"},
    {.key = "end_after",
     .type = OPTION_DURATION,
     .offset = offsetof(struct loss_settings, end_after_ns),
     .default_text = "1m",
     .min = LOSS_END_MIN_NS,
     .max = 3600 * NS_PER_SECOND,
     .help = "how long the loss must stay below half of that before the log reports its end"},
    {.key = "messages_per_minute",
     .type = OPTION_UINT,
     .offset = offsetof(struct loss_settings, messages_per_minute),
     .default_text = "10",
     .min = 1,
     .max = 1000,
     .help = "losses whose beginning the log reports within a minute; for further ones it reports "
             "only their number"},
};

const struct option_table loss_options = OPTION_TABLE(option_list, struct loss_settings);
