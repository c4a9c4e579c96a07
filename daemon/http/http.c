/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/http/http.h"

/*
 * See http.h. Functions that begin with on_ are called by libmicrohttpd on its threads (on_accept for the
 * probes' connections on main's), the others by main. What a connection is doing is told to the connection
 * table; the probes' own connections are not in it: their table entry is NULL.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include <microhttpd.h>

#include "base/cleanup.h"
#include "daemon/http/self_probe.h"
#include "daemon/http/tls.h"

enum {
    CONNECTION_MEMORY = 16 * 1024,            /* request line and headers; more is answered by 431 or 414 */
    RESPONSE_BYTES_BUDGET = 64 * 1024 * 1024, /* of answers held by readers */
    THREAD_STACK = 256 * 1024,
};

struct listener {
    struct MHD_Daemon *daemon;
    int fd;
    struct self_probe probe;
};

struct http {
    const struct routes *routes;
    struct limits *limits;
    struct connections *connections;
    atomic_bool stopping; /* each answer ends its connection */
    struct tls tls;
    int placeholder; /* takes the place of closed listening sockets */
    size_t listener_count;
    struct listener listeners[LISTENERS_MAX];
};

/* True for the probes' connections: nobody else comes by AF_UNIX. */
static bool address_internal(const struct sockaddr *address)
{
    return address->sa_family == AF_UNIX;
}

static const struct sockaddr *client_address(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
}

static struct connection *connection_entry(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info ? info->socket_context : NULL;
}

static enum MHD_Result on_accept(void *data, const struct sockaddr *address, socklen_t size)
{
    struct http *http = data;

    (void)size;
    return address_internal(address) || connections_admit(http->connections, address) ? MHD_YES : MHD_NO;
}

static void on_connection_started(struct http *http, struct MHD_Connection *connection, void **ret_entry)
{
    const struct sockaddr *address = client_address(connection);
    int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;

    if (address_internal(address))
        return;
    *ret_entry = connections_add(http->connections, fd, address, clock_boottime_ns());
    /* Two threads let in the last one at the same time: here it cannot be refused any more, only ended. */
    if (*ret_entry)
        tls_begin(&http->tls, connection, *ret_entry);
    else
        (void)shutdown(fd, SHUT_RDWR);
}

static void on_connection(void *data, struct MHD_Connection *connection, void **entry,
                          enum MHD_ConnectionNotificationCode code)
{
    struct http *http = data;

    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        on_connection_started(http, connection, entry);
    else if (*entry)
        connections_remove(http->connections, *entry);
}

/* The request line is there. What is returned is on_request()'s context at its first call. */
static void *on_request_line(void *data, const char *uri, struct MHD_Connection *connection)
{
    struct http *http = data;
    struct connection *entry = connection_entry(connection);

    (void)uri;
    if (entry)
        connections_request(http->connections, entry, clock_boottime_ns());
    return NULL;
}

static void on_completed(void *data, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode code)
{
    struct http *http = data;
    struct connection *entry = connection_entry(connection);

    (void)context;
    (void)code;
    if (entry)
        connections_complete(http->connections, entry, clock_boottime_ns());
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

/* The data is sent from where it is; libmicrohttpd releases it after the last byte, or the first error. */
static struct MHD_Response *response_new(const struct http *http, const struct response *response)
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
    if (atomic_load(&http->stopping))
        (void)MHD_add_response_header(result, MHD_HTTP_HEADER_CONNECTION, "close");
    return result;
}

/* Each answer that goes out over the budget pushes out the slowest reader: so memory stays bounded however
 * many readers stall, and whoever reads is served. */
static void keep_budget(struct http *http)
{
    if (answer_cache_bytes(http->routes->answers) > RESPONSE_BYTES_BUDGET)
        (void)connections_shed_oldest(http->connections);
}

static enum MHD_Result respond(struct http *http, struct MHD_Connection *connection, const char *url,
                               const char *method)
{
    struct connection *entry = connection_entry(connection);
    const struct sockaddr *address = client_address(connection);
    struct request request = {
        /* Not by its entry: a connection that was let in by one thread too many has none either. */
        .client = address_internal(address) ? NULL : address,
        .method = method,
        .path = url,
        .accept = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT),
        .accept_encoding =
            MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT_ENCODING),
        .now_ns = clock_boottime_ns(),
    };
    struct response response;
    struct MHD_Response *queued;
    enum MHD_Result result;

    MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, on_argument, &request);
    if (http->routes->auth)
        request.authorization =
            MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);
    keep_budget(http);
    if (entry)
        connections_answer(http->connections, entry);
    routes_answer(http->routes, &request, &response);
    queued = response_new(http, &response);
    if (!queued)
        return MHD_NO;
    result = MHD_queue_response(connection, response.status, queued);
    MHD_destroy_response(queued);
    return result;
}

/* Called once when the headers are there, once for each part of a request body, and once at the end. Bodies
 * are thrown away as they come: nothing here takes any. */
static enum MHD_Result on_request(void *data, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload_data,
                                  size_t *upload_data_size, void **context)
{
    struct http *http = data;

    (void)version;
    (void)upload_data;
    if (!*context) {
        *context = http;
        return MHD_YES;
    }
    if (*upload_data_size > 0) {
        *upload_data_size = 0;
        return MHD_YES;
    }
    return respond(http, connection, url, method);
}

int http_new(const struct routes *routes, struct limits *limits, const struct connections_limits *settings,
             struct http **ret_http, struct fault *fault)
{
    struct http *http = calloc(1, sizeof(*http));
    int error;

    if (!http)
        return fault_set(fault, -ENOMEM, "out of memory");
    http->routes = routes;
    http->limits = limits;
    tls_init(&http->tls);
    http->placeholder = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    error = http->placeholder < 0 ? -errno : connections_new(settings, limits, &http->connections);
    if (error < 0) {
        http_free(http);
        return fault_errno(fault, error, "cannot set up the HTTP server");
    }
    *ret_http = http;
    return 0;
}

void http_certificate(struct http *http, struct certificate *certificate)
{
    tls_replace(&http->tls, certificate);
}

/* libmicrohttpd's own connection limit must never be reached: it would leave clients waiting unanswered where
 * ours closes and counts. */
static struct MHD_Daemon *daemon_start(struct http *http, int fd)
{
    const struct MHD_OptionItem options[] = {
        {MHD_OPTION_LISTEN_SOCKET, fd, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX + 64, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, NULL},
        {MHD_OPTION_THREAD_STACK_SIZE, THREAD_STACK, NULL},
        {MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL},
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, http},
        {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)on_request_line, http},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_completed, http},
        /* The rest is for TLS alone. */
        {http->tls.certificate ? MHD_OPTION_HTTPS_CERT_CALLBACK : MHD_OPTION_END, 0,
         (void *)tls_no_certificate},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (char *)tls_priorities},
        {MHD_OPTION_END, 0, NULL},
    };
    /* With epoll, a handshake that waits for its client spins: nothing says that all there was has been read
     * (MHD_epoll, MHD_run_tls_handshake_). */
    unsigned flags =
        http->tls.certificate ? MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_TLS : MHD_USE_EPOLL_INTERNAL_THREAD;

    return MHD_start_daemon(flags | MHD_USE_ITC, 0, on_accept, http, on_request, http, MHD_OPTION_ARRAY,
                            options, MHD_OPTION_END);
}

/* Takes the descriptor over, whatever happens. */
static int listener_start(struct http *http, int fd, struct listener *ret_listener)
{
    struct listener listener = {.fd = fd};
    int error;

    errno = 0;
    listener.daemon = daemon_start(http, fd);
    if (!listener.daemon) {
        error = errno ? -errno : -EINVAL;
        close(fd);
        return error;
    }
    error = self_probe_init(&listener.probe, listener.daemon, http->tls.certificate != NULL);
    if (error < 0)
        MHD_stop_daemon(listener.daemon); /* closes the descriptor */
    else
        *ret_listener = listener;
    return error;
}

int http_start(struct http *http, struct listeners *listeners, struct fault *fault)
{
    while (listeners->count > 0) {
        int fd = listeners->fds[--listeners->count];
        char url[LISTEN_URL_MAX];
        int error;

        listen_url(fd, http->tls.certificate ? "https" : "http", "", url);
        error = listener_start(http, fd, &http->listeners[http->listener_count]);
        if (error < 0) {
            listeners_done(listeners);
            return fault_errno(fault, error, "cannot serve %s", url);
        }
        http->listener_count++;
    }
    return 0;
}

void http_configure(struct http *http, const struct connections_limits *settings)
{
    connections_configure(http->connections, settings);
}

bool http_tick(struct http *http, uint64_t now_ns)
{
    bool alive = true;

    (void)connections_sweep(http->connections, now_ns);
    for (size_t i = 0; i < http->listener_count; i++)
        alive &= self_probe_turn(&http->listeners[i].probe, http->listeners[i].daemon);
    return alive;
}

/*
 * MHD_quiesce_daemon() forbids closing the socket before MHD_stop_daemon(): its thread may be about to use
 * the number, and aborts the program where EPOLL_CTL_DEL then says EBADF. So the number stays and another
 * socket takes its place: the listening one is closed, accept4() says EINVAL, EPOLL_CTL_DEL ENOENT, and both
 * are expected (MHD_accept_connection, MHD_epoll).
 */
void http_stop_listening(struct http *http)
{
    if (atomic_exchange(&http->stopping, true))
        return;
    for (size_t i = 0; i < http->listener_count; i++) {
        (void)MHD_quiesce_daemon(http->listeners[i].daemon);
        (void)dup3(http->placeholder, http->listeners[i].fd, O_CLOEXEC);
    }
}

bool http_drain(struct http *http, uint64_t wait_ns)
{
    static const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
    uint64_t end_ns = clock_boottime_ns() + wait_ns;
    bool drained;

    while (!(drained = connections_active(http->connections, clock_boottime_ns()) == 0) &&
           clock_boottime_ns() < end_ns)
        (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
    return drained;
}

struct http *http_free(struct http *http)
{
    if (!http)
        return NULL;
    http_stop_listening(http);
    for (size_t i = 0; i < http->listener_count; i++) {
        MHD_stop_daemon(http->listeners[i].daemon);
        close(http->listeners[i].fd);
        self_probe_done(&http->listeners[i].probe);
    }
    if (http->placeholder >= 0)
        close(http->placeholder);
    connections_free(http->connections);
    tls_done(&http->tls);
    free(http);
    return NULL;
}
