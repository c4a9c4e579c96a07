/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The connection table: who is connected, what each connection is doing and since when. libmicrohttpd's own
 * timeout is idle time only, which one byte a second defeats, and its limits are those of one listening
 * socket; so both are kept here, over all listeners. The storage is allocated once. HTTP threads enter what
 * happens, main sweeps once a second; one lock, held across shutdown() so that a descriptor that is shut down
 * can't be another's by then.
 *
 * Times are CLOCK_BOOTTIME in nanoseconds.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/limits.h"
#include "daemon/http/certificate.h"

enum { CONNECTIONS_MAX = 65536 }; /* storage: greater limits are cut to it */

/* How long a connection may wait between two requests: longer than Prometheus' default scrape interval (1
 * minute), so that a scraper keeps its connection. */
#define CONNECTION_IDLE_MAX_NS (90 * NS_PER_SECOND)

/* How long a connection waits for a request, or the rest of one, before the sweep looks whether the client is
 * gone.
 */
#define CONNECTION_LOOK_AFTER_NS NS_PER_SECOND

/* How long a shutdown takes it that a new connection is about to send its request. */
#define CONNECTION_NEW_NS (NS_PER_SECOND / 2)

struct connections;
struct connection;

struct connections_limits {
    uint64_t total;
    uint64_t per_address;        /* an IPv4-mapped address is the IPv4 address */
    uint64_t request_timeout_ns; /* from the connection's start, or the request line, to the answer's end */
};

/* `limits` (where hits are counted) outlives the table. -ENOMEM. */
int connections_new(const struct connections_limits *settings, struct limits *limits,
                    struct connections **ret_connections);
struct connections *connections_free(struct connections *connections); /* accepts NULL, returns NULL */

/* New limits, at a reload; connections that are there already stay. */
void connections_configure(struct connections *connections, const struct connections_limits *settings);

/* True where a client at this address may connect; otherwise a limit hit was counted. */
bool connections_admit(struct connections *connections, const struct sockaddr *address);

/* Enters a connection; asks as connections_admit() does, for another thread may have been faster. NULL: not
 * admitted, the caller closes it. The entry is the caller's until connections_remove(), which comes before
 * the descriptor is closed. */
struct connection *connections_add(struct connections *connections, int fd, const struct sockaddr *address,
                                   uint64_t now_ns);
/* Takes over a reference to what the connection's TLS session uses, until connections_remove(). */
void connection_hold(struct connection *connection, struct certificate *certificate);
void connections_remove(struct connections *connections, struct connection *connection);

/* The steps of a request: its line has arrived; it is whole, and its answer on the way; the answer is out. */
void connections_request(struct connections *connections, struct connection *connection, uint64_t now_ns);
void connections_answer(struct connections *connections, struct connection *connection);
void connections_complete(struct connections *connections, struct connection *connection, uint64_t now_ns);

/* Shuts down every connection that is past its deadline, whatever bytes it dribbles, and those that wait for
 * a client that is gone; requests cut off are counted as limit hits. Returns how many were shut down. */
size_t connections_sweep(struct connections *connections, uint64_t now_ns);

/* Shuts down the reader that has taken longest over its answer, and counts the limit hit. False: nobody is
 * reading an answer. */
bool connections_shed_oldest(struct connections *connections);

/* Requests that are under way, and connections so new that theirs may still be on its way: what a shutdown
 * waits for. */
size_t connections_active(struct connections *connections, uint64_t now_ns);
