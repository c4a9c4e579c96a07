/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Starts an exporter of our own if none runs: with drop_monitor alone, without an address for others, and
 * ending whenever we do. Main thread.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "base/fault.h"
#include "terminal/arguments.h"

enum { PRIVATE_PATH_SIZE = 32 };

struct private_daemon {
    pid_t pid;                    /* 0 if there is none */
    int socket;                   /* its local socket, whose file is already removed */
    int said;                     /* what it writes to standard error */
    char path[PRIVATE_PATH_SIZE]; /* by which only this process reaches it */
};

#define PRIVATE_DAEMON_NONE ((struct private_daemon){.socket = -1, .said = -1})

/* Returns true if one that sees drops could be started. */
bool private_daemon_possible(void);

/* Starts one, and returns when it answers: 0, -EINTR if a signal came meanwhile, or -errno with the fault.
 * After a failure nothing is left. */
int private_daemon_start(const struct arguments *arguments, int ending, struct private_daemon *ret_daemon,
                         struct fault *fault);

/* Ends it, and waits until it is gone. Does nothing if there is none. */
void private_daemon_stop(struct private_daemon *daemon);
