/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * A process that keeps the kernel's drop_monitor running for an exporter that gave up its capabilities, and
 * stops it at the end. There is one monitor for the whole system, without an owner: every privileged program
 * can stop it, nobody is notified, and asking, starting and stopping need CAP_NET_ADMIN each time, which no
 * descriptor carries (the kernel looks at who asks: genl_family_rcv_msg(), net/netlink/genetlink.c). So that
 * stays behind with a child that has this one capability, one netlink socket, and no other input.
 */

#include <stdint.h>
#include <sys/types.h>

#include "collectors/drops/drop_source.h"

/* The report of the keeper, every few seconds. */
struct drop_keeper_report {
    enum drop_active active;
    uint64_t stopped; /* how often somebody had stopped the monitor */
};

/*
 * Forks the keeper; call it before there is another thread. Its reports come from *ret_fd. The keeper ends
 * once every copy of that is closed, also because the exporter crashed. It then stops the monitor if it made
 * the last start itself, or, with `started`, if the caller did. `mode` is the mode to start it in.
 */
int drop_keeper_fork(enum drop_mode mode, bool started, int *ret_fd, pid_t *ret_pid, struct fault *fault);

/* Reads the reports since the last call. */
void drop_keeper_read(int fd, struct drop_keeper_report *report);
