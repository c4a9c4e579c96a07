/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The clocks, in nanoseconds. Schedules, ages and durations use CLOCK_BOOTTIME: it continues during suspend,
 * so that old numbers are known to be old, and never jumps. CLOCK_REALTIME is only for timestamps shown to
 * people and to Prometheus.
 */

#include <stdint.h>
#include <time.h>

#define NS_PER_SECOND UINT64_C(1000000000)

static inline uint64_t clock_read_ns(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

static inline uint64_t clock_boottime_ns(void)
{
    return clock_read_ns(CLOCK_BOOTTIME);
}

static inline uint64_t clock_realtime_ns(void)
{
    return clock_read_ns(CLOCK_REALTIME);
}
