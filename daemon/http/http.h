/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The HTTP end: libmicrohttpd, one daemon and one thread (epoll, poll for TLS) for each listening socket, the
 * connection table over all of them, the routes behind them. Only the glue is here. Functions are main's;
 * requests are answered on libmicrohttpd's threads.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/limits.h"
#include "daemon/http/certificate.h"
#include "daemon/http/connections.h"
#include "daemon/http/listen.h"
#include "daemon/http/routes.h"

struct http;

/* Site and limits are borrowed. -ENOMEM, -errno with the fault. */
int http_new(const struct routes *routes, struct limits *limits, const struct connections_limits *settings,
             struct http **ret_http, struct fault *fault);

/* From here on new connections are TLS with this certificate, whose reference is taken over. Before
 * http_start() for the first time, or never. */
void http_certificate(struct http *http, struct certificate *certificate);

/* Serves on these sockets, which are taken over (none are left in `listeners`, also on failure). Once. */
int http_start(struct http *http, struct listeners *listeners, struct fault *fault);

/* New limits, at a reload. */
void http_configure(struct http *http, const struct connections_limits *settings);

/* Once a second: closes connections that are past their deadline, and asks each HTTP thread whether it lives.
 * True where each answered the question of the last call: what the watchdog wants to know. Never blocks. */
bool http_tick(struct http *http, uint64_t now_ns);

/* Closes the listening sockets at once, before all else at a shutdown: a thread in uninterruptible sleep may
 * keep the process, and with it every descriptor, long after its end. Requests under way go on. */
void http_stop_listening(struct http *http);

/* Waits until no request is under way, `wait_ns` at most. True where that came to pass. */
bool http_drain(struct http *http, uint64_t wait_ns);

/* Cuts off what is still under way; afterwards nobody holds a body. Accepts NULL, returns NULL. */
struct http *http_free(struct http *http);
