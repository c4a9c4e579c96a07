/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/run/runner_clock.h"

/* The real clock of the runners. The runner's own thread. */

#include <poll.h>

#include "base/cleanup.h"
#include "base/clock.h"

static uint64_t boottime_now(void *data)
{
    (void)data;
    return clock_boottime_ns();
}

static bool boottime_wait(void *data, int wake_fd, int event_fd, uint64_t until_ns)
{
    struct pollfd fds[] = {{.fd = wake_fd, .events = POLLIN}, {.fd = event_fd, .events = POLLIN}};
    uint64_t now_ns = boottime_now(data);
    uint64_t wait_ns = until_ns > now_ns ? until_ns - now_ns : 0;
    struct timespec timeout = {
        .tv_sec = (time_t)(wait_ns / NS_PER_SECOND),
        .tv_nsec = (long)(wait_ns % NS_PER_SECOND),
    };

    return ppoll(fds, ELEMENTS(fds), &timeout, NULL) > 0 && fds[1].revents;
}

const struct runner_clock runner_boottime_clock = {.now_ns = boottime_now, .wait = boottime_wait};
