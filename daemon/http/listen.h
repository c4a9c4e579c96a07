/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Listening sockets: opened as the user says, or passed by systemd. Main thread, at start, before any other
 * thread, so that "port in use" leaves nothing half started.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"
#include "config/string_list.h"
#include "daemon/http/rights.h"
#include "daemon/settings/listen_address.h"
#include "daemon/systemd/systemd_fds.h"

enum {
    LISTEN_URL_MAX = 512,
    LISTEN_TEXT_MAX = INET6_ADDRSTRLEN + IF_NAMESIZE + 16, /* "[ADDRESS%INTERFACE]:PORT" */
    LISTENERS_ALL = LISTENERS_MAX + 1,                     /* with the local socket */
};

struct listener {
    int fd;
    const struct rights *rights; /* the rights of its clients */
};

/* Empty if all is 0. */
struct listeners {
    struct listener items[LISTENERS_ALL];
    size_t count;
};

/* Opens a socket for each address (two for localhost), even if no interface has it yet. A link-local address
 * whose interface is missing is left to doors.h. Returns 0, or -errno with the fault naming the address, and
 * then no socket stays open. */
int listeners_open(const struct string_list *addresses, struct listeners *ret_listeners, struct fault *fault);

/* Takes every listening TCP socket that systemd passed (socket activation), under any name. If there is none,
 * that is an error that says what was passed instead. The local socket, which is not TCP, is taken by its
 * name elsewhere. */
int listeners_systemd(struct systemd_fds *passed, struct listeners *ret_listeners, struct fault *fault);

/* Makes a listening socket non-blocking, which libmicrohttpd's epoll loop needs and systemd leaves to us.
 * Returns 0 or -errno. */
int listener_unblock(int fd);

/* Closes the sockets that are still there. */
void listeners_done(struct listeners *listeners);

/* Returns the address that a socket is bound to, or 0.0.0.0:0 if the descriptor is no socket. */
void listen_bound_to(int fd, struct listen_address *ret_address);
bool listen_is_wildcard(const struct listen_address *address);

/* Writes an address: "192.0.2.1:10190", "[fe80::1%eth0]:10190". */
void listen_text(const struct listen_address *address, char ret_text[LISTEN_TEXT_MAX]);

/* Writes where a listening socket is reached, with its real port: "http://localhost:10190/metrics"; for the
 * local one, "unix:/run/netdrop-exporter.sock". */
void listen_url(int fd, const char *scheme, const char *path, char ret_url[LISTEN_URL_MAX]);

/* Returns true if only this host can connect to it. */
bool listen_is_local(int fd);
