/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * One request of libmicrohttpd and its answer: the request becomes plain data for the routes, and their
 * answer becomes a response. While a password hash or fresh numbers are awaited, the connection is suspended,
 * so that it does not hold up its thread. On the HTTP thread of the connection.
 */

#include <microhttpd.h>
#include <stdatomic.h>

#include "daemon/http/connections.h"
#include "daemon/http/rights.h"
#include "daemon/http/routes.h"

/* Borrowed. */
struct exchange_site {
    const struct routes *routes;
    struct connections *connections;
    const atomic_bool *stopping; /* if set, each answer ends its connection */
};

struct exchange_line {
    const char *method;
    const char *url;
};

/* Returns the connection's entry in the table, or NULL if it has none. */
struct connection *exchange_entry(struct MHD_Connection *connection);

/* Answers a complete request, or suspends the connection, which is resumed before the next call. The context
 * is libmicrohttpd's for this request: never NULL, and what is kept in between. */
enum MHD_Result exchange_answer(const struct exchange_site *site, const struct rights *rights,
                                struct MHD_Connection *connection, const struct exchange_line *line,
                                void **context);

/* Frees what is kept of a request that is over, answered or not. */
void exchange_end(const struct exchange_site *site, void **context);
