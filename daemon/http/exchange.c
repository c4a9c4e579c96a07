/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/http/exchange.h"

/*
 * Turns a request of libmicrohttpd into plain data, and an answer into a response. HTTP threads. A request's
 * context is the site at first; once there is something to keep, it is a pause.
 */

#include <errno.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "daemon/http/field.h"
#include "daemon/http/stand_in.h"
#include "daemon/http/tls.h"

/* What is kept of a request whose connection is suspended. */
struct pause {
    struct MHD_Connection *connection;
    int fd;                       /* the connection's */
    int own;                      /* see stand_in.h; -1 if there is none */
    struct auth_attempt *attempt; /* the attempt whose hash is computed; NULL if none */
    enum auth_result admitted;    /* the result, once known */
    bool awaited; /* its rounds were or are awaited: whatever their result, it is answered next */
    struct round_waiter waiter;
};

struct connection *exchange_entry(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info ? info->socket_context : NULL;
}

static enum MHD_Result on_argument(void *data, enum MHD_ValueKind kind, const char *key, const char *value)
{
    struct request *request = data;

    (void)kind;
    if (request->argument_count == REQUEST_ARGUMENTS_MAX) {
        request->arguments_cut = true;
        return MHD_NO;
    }
    request->arguments[request->argument_count++] = (struct argument){key, value};
    return MHD_YES;
}

/* Headers that may be repeated, joined. */
struct lists {
    struct buffer accept;
    struct buffer accept_encoding;
};

static void lists_done(struct lists *lists)
{
    buffer_done(&lists->accept);
    buffer_done(&lists->accept_encoding);
}

static void request_read(struct MHD_Connection *connection, const struct rights *rights,
                         const struct exchange_line *line, struct lists *lists, struct request *ret_request)
{
    *ret_request = (struct request){
        .rights = rights,
        .client = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr,
        .method = line->method,
        .path = line->url,
        .certificate = tls_client(connection),
        .accept = field_list(connection, MHD_HTTP_HEADER_ACCEPT, &lists->accept),
        .accept_encoding = field_list(connection, MHD_HTTP_HEADER_ACCEPT_ENCODING, &lists->accept_encoding),
        .authorization =
            MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION),
        .now_ns = clock_boottime_ns(),
    };
    MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, on_argument, ret_request);
}

/* libmicrohttpd sends the data from where it is, and releases it after the last byte, or the first error. */
static struct MHD_Response *response_new(const struct exchange_site *site, const struct response *response)
{
    struct MHD_Response *result = MHD_create_response_from_buffer_with_free_callback_cls(
        response->size, (void *)response->data, response->release, response->owner);

    if (!result) {
        if (response->release)
            response->release(response->owner);
        return NULL;
    }
    for (size_t i = 0; i < response->header_count; i++) {
        if (MHD_add_response_header(result, response->headers[i].name, response->headers[i].value) !=
            MHD_YES) {
            MHD_destroy_response(result);
            return NULL;
        }
    }
    if (atomic_load(site->stopping))
        (void)MHD_add_response_header(result, MHD_HTTP_HEADER_CONNECTION, "close");
    return result;
}

/* If the answers exceed their budget, ends the slowest reader. So memory stays bounded however many readers
 * stall, and whoever reads is served. */
static void keep_budget(const struct exchange_site *site)
{
    if (answer_cache_bytes(site->routes->answers) > ANSWER_BYTES_BUDGET)
        (void)connections_shed_oldest(site->connections);
}

static enum MHD_Result respond(const struct exchange_site *site, struct MHD_Connection *connection,
                               const struct request *request, enum auth_result admitted)
{
    struct connection *entry = exchange_entry(connection);
    struct response response;
    struct MHD_Response *queued;
    enum MHD_Result result;

    keep_budget(site);
    if (entry)
        connections_answer(site->connections, entry);
    if (entry && admitted == AUTH_GRANTED)
        connection_let_in(entry, request->now_ns);
    routes_answer(site->routes, request, admitted, &response);
    queued = response_new(site, &response);
    if (!queued)
        return MHD_NO;
    result = MHD_queue_response(connection, response.status, queued);
    MHD_destroy_response(queued);
    return result;
}

/* Any thread. After MHD_resume_connection(), the pause belongs to the HTTP thread. */
static void resume(void *data)
{
    struct pause *pause = data;

    pause->own = stand_in_enter(pause->fd);
    MHD_resume_connection(pause->connection);
}

/* Makes the context a pause. Returns NULL if memory runs out. */
static struct pause *pause_of(const struct exchange_site *site, struct MHD_Connection *connection,
                              void **context)
{
    struct pause *pause = *context;

    if (*context != site)
        return pause;
    pause = calloc(1, sizeof(*pause));
    if (!pause)
        return NULL;
    *pause = (struct pause){
        .connection = connection,
        .fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd,
        .own = -1,
        .admitted = AUTH_REFUSED, /* until the result is known */
    };
    return *context = pause;
}

/* Starts to compute the hash. Suspends the connection first: the thread may wake it before this function
 * returns. Returns -ENOMEM. */
static int hash_begin(const struct exchange_site *site, struct MHD_Connection *connection,
                      const struct request *request, void **context)
{
    struct pause *pause = pause_of(site, connection, context);
    const struct auth_waiter waiter = {.wake = resume, .data = pause};
    struct auth_attempt *attempt =
        pause ? auth_attempt_new(site->routes->auth, request->authorization, request->client, &waiter) : NULL;

    if (!attempt)
        return -ENOMEM;
    pause->attempt = attempt;
    MHD_suspend_connection(connection);
    auth_submit(site->routes->auth, attempt);
    return 0;
}

/* Returns AUTH_HASH if the connection was suspended. */
static enum auth_result admit(const struct exchange_site *site, struct MHD_Connection *connection,
                              const struct request *request, void **context)
{
    struct pause *pause = *context == site ? NULL : *context;
    enum auth_result result;

    if (pause && pause->attempt) {
        pause->admitted = auth_attempt_result(pause->attempt);
        pause->attempt = auth_attempt_free(pause->attempt);
    }
    if (pause)
        return pause->admitted;
    result = routes_admit(site->routes, request);
    return result == AUTH_HASH && hash_begin(site, connection, request, context) < 0 ? AUTH_LATER : result;
}

/* Returns true if the connection was suspended, because fresh numbers are on their way: until they arrive, or
 * for ROUND_WAIT_NS. Happens once per request. */
static bool await(const struct exchange_site *site, struct MHD_Connection *connection,
                  const struct request *request, enum auth_result admitted, void **context)
{
    struct rounds *rounds = site->routes->rounds;
    struct pause *pause = *context == site ? NULL : *context;
    struct round_demand demand;
    uint64_t awaited;

    if (!rounds || (admitted != AUTH_GRANTED && admitted != AUTH_OPEN) || (pause && pause->awaited))
        return false;
    demand = routes_demand(site->routes, request);
    awaited = demand.collectors ? rounds_ask(rounds, &demand, request->now_ns) : 0;
    pause = awaited ? pause_of(site, connection, context) : NULL;
    if (!pause)
        return false;
    pause->admitted = admitted;
    pause->awaited = true;
    pause->waiter = (struct round_waiter){
        .collectors = awaited,
        .deadline_ns = request->now_ns + ROUND_WAIT_NS,
        .wake = resume,
        .data = pause,
    };
    MHD_suspend_connection(connection);
    rounds_wait(rounds, &pause->waiter);
    return true;
}

enum MHD_Result exchange_answer(const struct exchange_site *site, const struct rights *rights,
                                struct MHD_Connection *connection, const struct exchange_line *line,
                                void **context)
{
    _cleanup_(lists_done) struct lists lists = {};
    struct pause *pause = *context == site ? NULL : *context;
    struct request request;
    enum auth_result admitted;

    if (pause)
        stand_in_leave(&pause->own, pause->fd);
    request_read(connection, rights, line, &lists, &request);
    admitted = admit(site, connection, &request, context);
    if (admitted == AUTH_HASH || await(site, connection, &request, admitted, context))
        return MHD_YES;
    return respond(site, connection, &request, admitted);
}

void exchange_end(const struct exchange_site *site, void **context)
{
    struct pause *pause = *context == site ? NULL : *context;

    if (pause) {
        auth_attempt_free(pause->attempt);
        closep(&pause->own);
    }
    free(pause);
    *context = (void *)(uintptr_t)site;
}
