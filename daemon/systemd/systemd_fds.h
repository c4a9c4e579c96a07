/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The descriptors that systemd passed at start (sd_listen_fds_with_names(3)): the listening sockets of a
 * .socket unit and what netdrop-open put into the fd store, side by side. Each is taken by the part that
 * knows it; the rest is closed. Main thread, at start.
 */

#include <stddef.h>

#include "base/fault.h"

struct systemd_fds {
    struct systemd_fd {
        char *name;
        int fd; /* -1 once taken */
    } * items;
    size_t count;
};

/* Takes over all descriptors, close-on-exec. Having none is no error. */
int systemd_fds_get(struct systemd_fds *ret_passed, struct fault *fault);

/* Logs the descriptors that nobody took. Call it once every part had its chance. */
void systemd_fds_warn(const struct systemd_fds *passed);

/* Closes the descriptors that nobody took. Accepts a zeroed struct. */
void systemd_fds_done(struct systemd_fds *passed);
