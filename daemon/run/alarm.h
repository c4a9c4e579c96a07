/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * A time until which a thread sleeps, and which others may change meanwhile. They do so under a lock of their
 * own, so that the last change is the right one. Times are CLOCK_BOOTTIME in nanoseconds.
 */

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"

struct alarm {
    int fd;
    uint64_t at_ns; /* the time that it is set to; UINT64_MAX if it is not set */
};

/* Returns 0 or -errno. */
static inline int alarm_open(struct alarm *alarm)
{
    *alarm = (struct alarm){.fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC), .at_ns = UINT64_MAX};
    return alarm->fd < 0 ? -errno : 0;
}

/* A time in the past goes off at once. */
static inline void alarm_set(struct alarm *alarm, uint64_t at_ns)
{
    uint64_t when_ns = at_ns == UINT64_MAX ? 0 : at_ns ? at_ns : 1; /* 0 disarms it */
    const struct itimerspec when = {.it_value = {.tv_sec = (time_t)(when_ns / NS_PER_SECOND),
                                                 .tv_nsec = (long)(when_ns % NS_PER_SECOND)}};

    if (at_ns == alarm->at_ns)
        return;
    alarm->at_ns = at_ns;
    (void)timerfd_settime(alarm->fd, TFD_TIMER_ABSTIME, &when, NULL);
}

/* Says that it went off, so that the next alarm_set() arms it even for the same time. */
static inline void alarm_over(struct alarm *alarm)
{
    alarm->at_ns = UINT64_MAX;
}

/* Returns false if it was woken by something else. */
static inline bool alarm_wait(const struct alarm *alarm)
{
    uint64_t expirations;

    return read(alarm->fd, &expirations, sizeof(expirations)) == sizeof(expirations);
}
