/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Listening sockets: from what a user writes, or from systemd. Main thread, at start, before any other
 * thread; opened before anything else starts, so that "port in use" half-starts nothing.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"
#include "config/string_list.h"
#include "daemon/settings/listen_address.h"
#include "daemon/systemd/systemd_fds.h"

enum { LISTEN_URL_MAX = 512 };

/* Zero-initialised: none. */
struct listeners {
    int fds[LISTENERS_MAX];
    size_t count;
};

/* Opens a socket for each address; on failure none stays open and the fault names the address. */
int listeners_open(const struct string_list *addresses, struct listeners *ret_listeners, struct fault *fault);

/* Takes every listening TCP socket that systemd passed (socket activation), whatever its name. None is an
 * error, which says what was passed instead. */
int listeners_systemd(struct systemd_fds *passed, struct listeners *ret_listeners, struct fault *fault);

/* Closes what is still there. */
void listeners_done(struct listeners *listeners);

/* Where a listening socket is reached, with its real port: "http://localhost:10190/metrics". */
void listen_url(int fd, const char *scheme, const char *path, char ret_url[LISTEN_URL_MAX]);

/* True where only this host can connect to it. */
bool listen_is_local(int fd);
