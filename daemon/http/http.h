/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The HTTP server: libmicrohttpd with one daemon and one thread (epoll; poll for TLS) for each listening
 * socket, one connection table for all of them, and the routes. Only the glue is here. Main calls the
 * functions; libmicrohttpd's threads answer requests.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/bell.h"
#include "base/fault.h"
#include "base/limits.h"
#include "daemon/http/certificate.h"
#include "daemon/http/connections.h"
#include "daemon/http/listen.h"
#include "daemon/http/routes.h"

struct http;

/* Routes and limits are borrowed. Returns 0, or -errno with the fault. */
int http_new(const struct routes *routes, struct limits *limits, const struct connections_limits *settings,
             struct http **ret_http, struct fault *fault);

/* Sets the bell that wakes the sweeper; borrowed. Call it before the first http_start(). */
void http_sweeper(struct http *http, const struct bell *bell);

/* From now on new connections use TLS with this certificate, whose reference is taken over. Call it before
 * the first http_start(), or never. */
void http_certificate(struct http *http, struct certificate *certificate);

/* Serves on these sockets and takes them over: none are left in `listeners`, even after a failure. There may
 * be LISTENERS_MAX in all. */
int http_start(struct http *http, struct listeners *listeners, struct fault *fault);

/* Sets new limits, at a reload. */
void http_configure(struct http *http, const struct connections_limits *settings);

/* Closes connections that are past their deadline, and helps out of a shortage of descriptors. Returns when
 * to do so again, at `wanted_ns` at the latest; the bell rings if it becomes earlier. Never blocks. */
uint64_t http_sweep(struct http *http, uint64_t now_ns, uint64_t wanted_ns);

/* For the watchdog: asks each HTTP thread for a sign of life. Never blocks. */
void http_ask(struct http *http);
/* Returns true if each thread has answered. A lost question is asked again. Never blocks. */
bool http_answered(struct http *http);

/* Closes the listening sockets at once, first of all at a shutdown: a thread in uninterruptible sleep may
 * keep the process and its descriptors long after its end. Requests under way go on. */
void http_stop_listening(struct http *http);

/* Waits until no request is under way, for at most `wait_ns`. Returns true if none is. */
bool http_drain(struct http *http, uint64_t wait_ns);

/* Ends requests that are still under way; afterwards nobody holds a body. Accepts NULL, returns NULL. */
struct http *http_free(struct http *http);
