/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Clocks that jump, for LD_PRELOAD: CLOCK_SHIM_FILE holds the seconds by which CLOCK_REALTIME is ahead, as it
 * is when an administrator sets the date; and, where there is a second number, those by which CLOCK_BOOTTIME
 * is, as after a suspend: timers that are set afterwards follow it. All other clocks are left alone.
 * (libfaketime moves those too.)
 */

#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/* The number at that place. */
static long ahead(int place)
{
    FILE *file = fopen(getenv("CLOCK_SHIM_FILE"), "re");
    long seconds[2] = {};

    if (file) {
        (void)!fscanf(file, "%ld %ld", &seconds[0], &seconds[1]);
        fclose(file);
    }
    return seconds[place];
}

int clock_gettime(clockid_t clock, struct timespec *ret_time)
{
    if (syscall(SYS_clock_gettime, clock, ret_time) < 0)
        return -1;
    if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)
        ret_time->tv_sec += ahead(0);
    if (clock == CLOCK_BOOTTIME)
        ret_time->tv_sec += ahead(1);
    return 0;
}

static int boottime_timer = -1; /* of the one loop that there is */

int timerfd_create(int clock, int flags)
{
    int timer = (int)syscall(SYS_timerfd_create, clock, flags);

    if (clock == CLOCK_BOOTTIME)
        boottime_timer = timer;
    return timer;
}

/* The moment is of the daemon's clock; the kernel is told that of its own, or one that is over. */
int timerfd_settime(int timer, int flags, const struct itimerspec *new_time, struct itimerspec *ret_old)
{
    struct itimerspec moved = *new_time;

    if (timer == boottime_timer && flags & TFD_TIMER_ABSTIME && moved.it_value.tv_sec > 0) {
        moved.it_value.tv_sec -= ahead(1);
        if (moved.it_value.tv_sec <= 0)
            moved.it_value.tv_sec = 1;
    }
    return (int)syscall(SYS_timerfd_settime, timer, flags, &moved, ret_old);
}

int gettimeofday(struct timeval *restrict ret_time, void *restrict zone)
{
    struct timespec now;

    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    *ret_time = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    return 0;
}

time_t time(time_t *ret_time)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    if (ret_time)
        *ret_time = now.tv_sec;
    return now.tv_sec;
}
