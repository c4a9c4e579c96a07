/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The connection table: who is connected, what each connection is doing, and since when. The timeout of
 * libmicrohttpd is for idle time only, which a client defeats with one byte a second, and its limits are for
 * one listening socket; so both are kept here, for all listeners. The memory is allocated once. HTTP threads
 * record what happens; main sweeps when something may be due. One lock is held across shutdown(), so that the
 * descriptor cannot have become another connection's.
 *
 * Times are CLOCK_BOOTTIME in nanoseconds.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bell.h"
#include "base/clock.h"
#include "base/limits.h"
#include "daemon/http/handshake.h"
#include "daemon/http/owner.h"

enum {
    CONNECTIONS_MAX = 65536, /* room; larger limits are cut to it */
    /* Of the local socket, besides those of the network. */
    LOCAL_CONNECTIONS_MAX = 32,
    LOCAL_CONNECTIONS_PER_USER = 16,
};

/* How long a connection may wait between two requests: longer than the default scrape interval of Prometheus
 * (1 minute), so that a scraper keeps its connection. */
#define CONNECTION_IDLE_MAX_NS (90 * NS_PER_SECOND)

/* How long a connection waits for a request, or the rest of one, before the sweep checks whether the client
 * is gone. */
#define CONNECTION_LOOK_AFTER_NS NS_PER_SECOND

/* How long a shutdown expects the first request of a new connection. */
#define CONNECTION_NEW_NS (NS_PER_SECOND / 2)

struct connections;
struct connection;

struct connections_limits {
    uint64_t total;              /* of the network */
    uint64_t per_address;        /* an IPv4-mapped address is the IPv4 address */
    uint64_t idle_per_address;   /* of these, how many may wait for a next request */
    uint64_t request_timeout_ns; /* from the start of the connection, or the request line, to the end of the
                                    answer */
};

/* Makes an empty table. `limits`, which counts the hits, must outlive it. Returns 0 or -ENOMEM. */
int connections_new(const struct connections_limits *settings, struct limits *limits,
                    struct connections **ret_connections);
struct connections *connections_free(struct connections *connections); /* accepts NULL, returns NULL */

/* Sets the bell that wakes the sweeper if a connection is due before the announced sweep. Borrowed. */
void connections_sweeper(struct connections *connections, const struct bell *bell);

/* Sets new limits, at a reload. Existing connections stay. */
void connections_configure(struct connections *connections, const struct connections_limits *settings);

/* Returns true if a client may connect; otherwise it counted a limit hit. If the table is full, the oldest
 * connection that waits for a next request gives up its place: one of the same client, or else of all. */
bool connections_admit(struct connections *connections, const struct newcomer *newcomer);

/* Adds a connection. Checks the limits again like connections_admit(), because another thread may have been
 * faster. Returns NULL if it is not admitted, and then the caller closes it. The entry belongs to the caller
 * until connections_remove(), which comes before the descriptor is closed. */
struct connection *connections_add(struct connections *connections, const struct newcomer *newcomer,
                                   uint64_t now_ns);
/* Takes over the handshake of the connection's TLS session, until connections_remove(). */
void connection_hold(struct connection *connection, struct handshake *handshake);
/* Notes that the client sent a request or a part of one. */
void connection_progress(struct connection *connection);
/* Notes that a request of the connection was admitted. */
void connection_let_in(struct connection *connection, uint64_t now_ns);
void connections_remove(struct connections *connections, struct connection *connection);

/* Note the steps of a request: its line has arrived; it is complete, and its answer is on the way; the
 * answer is sent. */
void connections_request(struct connections *connections, struct connection *connection, uint64_t now_ns);
void connections_answer(struct connections *connections, struct connection *connection);
void connections_complete(struct connections *connections, struct connection *connection, uint64_t now_ns);

/* Shuts down every connection that is past its deadline, even if it sends single bytes, and those whose
 * client is gone. Interrupted requests count as limit hits. Returns how many were shut down. */
size_t connections_sweep(struct connections *connections, uint64_t now_ns);

/* Returns when to sweep next, at `wanted_ns` at the latest. A connection that waits for a request, or whose
 * client has closed its side, is checked each second; others when their time is over. Without connections
 * there is nothing to sweep. */
uint64_t connections_announce(struct connections *connections, uint64_t now_ns, uint64_t wanted_ns);

/* Shuts down the connection that has been reading its answer for longest, and counts the limit hit. Returns
 * false if nobody is reading an answer. */
bool connections_shed_oldest(struct connections *connections);

/* Returns how many requests are under way, including connections so new that their first one may still come.
 * A shutdown waits for them. */
size_t connections_active(struct connections *connections, uint64_t now_ns);
