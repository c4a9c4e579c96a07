/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The clock of a runner. Tests bring their own. */

#include <stdbool.h>
#include <stdint.h>

struct runner_clock {
    uint64_t (*now_ns)(void *data);
    /* Waits until `until_ns`, or until one of the descriptors (-1 for none) is readable. Returns true if it
     * was `event_fd`. May return early. */
    bool (*wait)(void *data, int wake_fd, int event_fd, uint64_t until_ns);
    void *data;
};

extern const struct runner_clock runner_boottime_clock;
