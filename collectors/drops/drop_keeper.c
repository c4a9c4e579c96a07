/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/drops/drop_keeper.h"

/*
 * Runs the process that restarts and stops drop_monitor for an exporter without capabilities. The keeper is a
 * separate process; the collector's thread reads its reports.
 */

#include <errno.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/privileges.h"
#include "collectors/drops/drop_control.h"

enum {
    CHECK_INTERVAL_MS = 4000,
    OUR_FD = STDERR_FILENO + 1,
};

struct keeper {
    struct drop_control control;
    enum drop_mode mode;
    bool started;
    struct drop_keeper_report report;
};

/* If somebody stopped the monitor, reports this first, and starts it again at the next check. So whoever
 * stopped it to start a monitor of their own has time to do so. */
static void keeper_check(struct keeper *keeper)
{
    enum drop_active before = keeper->report.active;

    keeper->report.active = drop_control_active(&keeper->control);
    if (keeper->report.active != DROP_ACTIVE_NO)
        return;
    if (before != DROP_ACTIVE_NO) {
        keeper->report.stopped++;
        keeper->started = false;
    } else if (drop_control_start(&keeper->control, keeper->mode, &keeper->started, NULL) == 0) {
        keeper->report.active = DROP_ACTIVE_YES;
    }
}

/* Returns true if the running monitor is the one that we started. One that was stopped and started again
 * between two checks is another program's; a different mode gives it away. */
static bool keeper_started(struct keeper *keeper)
{
    return keeper->started && drop_control_read_config(&keeper->control, NULL) == 0 &&
           keeper->control.config.packet_mode == (keeper->mode == DROP_MODE_PACKET);
}

/* Works until the other end is closed. The exporter never sends anything. */
static void keeper_work(struct keeper *keeper)
{
    struct pollfd end = {.fd = OUR_FD, .events = POLLIN};

    do {
        keeper_check(keeper);
        (void)send(OUR_FD, &keeper->report, sizeof(keeper->report), MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (poll(&end, 1, CHECK_INTERVAL_MS) <= 0);
    if (keeper_started(keeper))
        drop_control_stop(&keeper->control);
}

/* The body of the keeper. Closes the exporter's descriptors first: an open port would be in the way of the
 * next exporter. */
_Noreturn static void keeper_main(int fd, enum drop_mode mode, bool started)
{
    struct keeper keeper = {.mode = mode, .started = started, .report.active = DROP_ACTIVE_YES};
    struct limits limits = {};
    sigset_t all;

    /* A signal to all processes of the exporter must leave the keeper time to stop the monitor. */
    sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, NULL);
    (void)prctl(PR_SET_NAME, "netdrop-keeper", 0, 0, 0);
    if (dup2(fd, OUR_FD) < 0 || close_range(OUR_FD + 1, ~0U, 0) < 0 ||
        privileges_limit(UINT64_C(1) << CAP_NET_ADMIN) < 0 ||
        drop_control_open(&keeper.control, &limits, NULL) < 0)
        _exit(1);
    keeper_work(&keeper);
    _exit(0);
}

int drop_keeper_fork(enum drop_mode mode, bool started, int *ret_fd, pid_t *ret_pid, struct fault *fault)
{
    int pair[2];
    pid_t pid;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return fault_errno(fault, -errno, "keeping drop_monitor");
    pid = fork();
    if (pid == 0)
        keeper_main(pair[1], mode, started);
    close(pair[1]);
    if (pid < 0) {
        close(pair[0]);
        return fault_errno(fault, -errno, "keeping drop_monitor");
    }
    *ret_fd = pair[0];
    *ret_pid = pid;
    return 0;
}

void drop_keeper_read(int fd, struct drop_keeper_report *report)
{
    struct drop_keeper_report next;
    ssize_t size;

    while ((size = recv(fd, &next, sizeof(next), MSG_DONTWAIT)) == (ssize_t)sizeof(next))
        *report = next;
    if (size == 0)
        report->active = DROP_ACTIVE_UNKNOWN; /* the keeper ended before us */
}
