/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The descriptors that systemd passed at start (sd_listen_fds_with_names(3)): the listening sockets of a
 * .socket unit and what netdrop-open put into the fd store, side by side. Each is taken by whoever knows it;
 * the rest is closed. Main thread, at start.
 */

#include <stddef.h>

#include "base/fault.h"

struct systemd_fds {
    struct systemd_fd {
        char *name;
        int fd; /* -1: taken */
    } * items;
    size_t count;
};

/* All of them, close-on-exec. None is no error. */
int systemd_fds_get(struct systemd_fds *ret_passed, struct fault *fault);

/* Says in the log what nobody took, and closes it. Accepts a zeroed one. */
void systemd_fds_done(struct systemd_fds *passed);
