/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "terminal/ending.h"

/* Turns signals into a descriptor, so that the program ends only where this is safe. Main thread. */

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"

static void ending_signals(sigset_t *set)
{
    (void)sigemptyset(set);
    (void)sigaddset(set, SIGINT);
    (void)sigaddset(set, SIGTERM);
    (void)sigaddset(set, SIGHUP);
    (void)sigaddset(set, SIGQUIT);
}

int ending_open(int *ret_fd)
{
    sigset_t set;
    int fd;

    ending_signals(&set);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return -errno;
    (void)signal(SIGPIPE, SIG_IGN);
    fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        return -errno;
    *ret_fd = fd;
    return 0;
}

void ending_last(int fd)
{
    struct signalfd_siginfo come;
    sigset_t set;

    ending_signals(&set);
    while (read(fd, &come, sizeof(come)) > 0) {
    }
    for (int number = 1; number < NSIG; number++)
        if (sigismember(&set, number) == 1)
            (void)signal(number, SIG_DFL);
    (void)sigprocmask(SIG_UNBLOCK, &set, NULL);
}

void ending_forget(void)
{
    sigset_t set;

    ending_signals(&set);
    (void)sigprocmask(SIG_UNBLOCK, &set, NULL);
    (void)signal(SIGPIPE, SIG_DFL);
}

int ending_wait(int fd, int out, uint64_t wait_ns)
{
    uint64_t end_ns = clock_boottime_ns() + wait_ns;

    for (;;) {
        struct pollfd fds[] = {{.fd = fd, .events = POLLIN}, {.fd = out}};
        uint64_t now_ns = clock_boottime_ns();
        struct timespec left = {};
        int ready;

        if (now_ns < end_ns)
            left = (struct timespec){.tv_sec = (time_t)((end_ns - now_ns) / NS_PER_SECOND),
                                     .tv_nsec = (long)((end_ns - now_ns) % NS_PER_SECOND)};
        ready = ppoll(fds, 2, &left, NULL);
        if (ready < 0 && errno != EINTR)
            return -errno;
        if (ready > 0 && fds[0].revents)
            return -EINTR;
        if (ready > 0)
            return -EPIPE;
        if (ready == 0)
            return 0;
    }
}

/* Writes at most as much as the pipe takes without blocking. */
int ending_write(int fd, int out, const void *data, size_t size)
{
    const char *at = data;

    while (size) {
        struct pollfd fds[] = {{.fd = out, .events = POLLOUT}, {.fd = fd, .events = POLLIN}};
        ssize_t written;

        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            return -errno;
        if (!fds[0].revents && fds[1].revents)
            return -EINTR;
        if (!fds[0].revents)
            continue;
        written = write(out, at, size < PIPE_BUF ? size : PIPE_BUF);
        if (written < 0 && errno != EINTR && errno != EAGAIN)
            return -errno;
        at += written > 0 ? written : 0;
        size -= written > 0 ? (size_t)written : 0;
    }
    return 0;
}
