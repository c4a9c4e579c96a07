/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/http/http.h"

/*
 * Starts libmicrohttpd and connects it to the connection table and the routes. libmicrohttpd calls the
 * functions that begin with on_, on its threads (on_accept for the probes' connections on the main thread);
 * the main thread calls the others. The connection table is told what each connection is doing. The probes'
 * own connections are not in it: their table entry is NULL. No client limit applies to them; we recognise
 * them by the address that we gave them.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#include <microhttpd.h>

#include "base/cleanup.h"
#include "base/descriptor.h"
#include "daemon/http/exchange.h"
#include "daemon/http/self_probe.h"
#include "daemon/http/tls.h"

enum {
    CONNECTION_MEMORY = 16 * 1024, /* request line and headers; longer ones are answered by 431 or 414 */
    THREAD_STACK = 256 * 1024,
};

/* A listener and what serves it. libmicrohttpd passes it to each on_ function. */
struct server {
    struct http *http;
    struct listener listener;
    struct MHD_Daemon *daemon;
    struct self_probe probe;
};

struct http {
    const struct routes *routes;
    struct limits *limits;
    struct connections *connections;
    atomic_bool stopping;
    struct exchange_site site; /* refers to the members above */
    struct tls tls;
    int placeholder[2]; /* a pair; the first replaces listening sockets, and never receives anything */
    struct probe_address probe_address;
    size_t server_count;
    struct server servers[LISTENERS_ALL];
};

static const struct sockaddr *client_address(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
}

/* Returns what a connected client may do. */
static const struct rights *connection_rights(const struct server *server, const struct sockaddr *address)
{
    return probe_address_equal(&server->http->probe_address, address) ? &rights_probe
                                                                      : server->listener.rights;
}

static enum MHD_Result on_accept(void *data, const struct sockaddr *address, socklen_t size)
{
    const struct server *server = data;
    const struct rights *rights = connection_rights(server, address);
    const struct newcomer newcomer = {.share = rights->share, .address = address, .fd = -1};

    (void)size;
    return rights == &rights_probe || connections_admit(server->http->connections, &newcomer) ? MHD_YES
                                                                                              : MHD_NO;
}

static void on_connection_started(struct server *server, struct MHD_Connection *connection, void **ret_entry)
{
    const struct sockaddr *address = client_address(connection);
    const struct rights *rights = connection_rights(server, address);
    const struct newcomer newcomer = {
        .share = rights->share,
        .address = address,
        .fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd,
    };

    if (rights == &rights_probe)
        return;
    *ret_entry = connections_add(server->http->connections, &newcomer, clock_boottime_ns());
    /* Two threads let in the last one at the same time, or a local user has too many: here it can no longer
     * be refused, only ended. */
    if (*ret_entry)
        tls_begin(&server->http->tls, connection, *ret_entry);
    else
        (void)shutdown(newcomer.fd, SHUT_RDWR);
}

static void on_connection(void *data, struct MHD_Connection *connection, void **entry,
                          enum MHD_ConnectionNotificationCode code)
{
    struct server *server = data;

    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        on_connection_started(server, connection, entry);
    else if (*entry)
        connections_remove(server->http->connections, *entry);
}

/* Called once the request line has arrived. Returns on_request()'s first context. */
static void *on_request_line(void *data, const char *uri, struct MHD_Connection *connection)
{
    struct server *server = data;
    struct connection *entry = exchange_entry(connection);

    (void)uri;
    if (entry)
        connections_request(server->http->connections, entry, clock_boottime_ns());
    return NULL;
}

static void on_completed(void *data, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode code)
{
    struct server *server = data;
    struct connection *entry = exchange_entry(connection);

    (void)code;
    exchange_end(&server->http->site, context);
    if (entry)
        connections_complete(server->http->connections, entry, clock_boottime_ns());
}

/* Called once the headers have arrived, once for each part of a request body, once at the end, and once more
 * after a suspension. Bodies are discarded: nothing here uses any. */
static enum MHD_Result on_request(void *data, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload_data,
                                  size_t *upload_data_size, void **context)
{
    struct server *server = data;
    struct connection *entry = exchange_entry(connection);

    (void)version;
    (void)upload_data;
    if (entry)
        connection_progress(entry);
    if (!*context) {
        *context = &server->http->site;
        return MHD_YES;
    }
    if (*upload_data_size > 0) {
        *upload_data_size = 0;
        return MHD_YES;
    }
    return exchange_answer(&server->http->site, connection_rights(server, client_address(connection)),
                           connection, &(struct exchange_line){.method = method, .url = url}, context);
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
    http->placeholder[0] = http->placeholder[1] = -1;
    tls_init(&http->tls, limits);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, http->placeholder) < 0)
        error = -errno;
    else
        error = connections_new(settings, limits, &http->connections);
    if (!error)
        error = probe_address_init(&http->probe_address);
    if (error < 0) {
        http_free(http);
        return fault_errno(fault, error, "cannot set up the HTTP server");
    }
    http->site = (struct exchange_site){routes, http->connections, &http->stopping};
    *ret_http = http;
    return 0;
}

void http_sweeper(struct http *http, const struct bell *bell)
{
    connections_sweeper(http->connections, bell);
}

void http_certificate(struct http *http, struct certificate *certificate)
{
    tls_replace(&http->tls, certificate);
}

static bool speaks_tls(const struct server *server)
{
    return server->http->tls.certificate && server->listener.rights->tls;
}

/* libmicrohttpd's own connection limit must never be reached: beyond it, clients would wait unanswered. Ours
 * closes and counts them. */
static struct MHD_Daemon *daemon_start(struct server *server)
{
    bool tls = speaks_tls(server);
    const struct MHD_OptionItem options[] = {
        {MHD_OPTION_LISTEN_SOCKET, server->listener.fd, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX + 64, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, NULL},
        {MHD_OPTION_THREAD_STACK_SIZE, THREAD_STACK, NULL},
        {MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL},
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, server},
        {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)on_request_line, server},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_completed, server},
        /* The rest is for TLS only. */
        {tls ? MHD_OPTION_HTTPS_CERT_CALLBACK : MHD_OPTION_END, 0, (void *)tls_no_certificate},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (char *)tls_priorities},
        {MHD_OPTION_END, 0, NULL},
    };
    /* With epoll, a handshake that waits for its client would spin: nothing tells epoll that all data has
     * been read (MHD_epoll, MHD_run_tls_handshake_). */
    unsigned flags = tls ? MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_TLS : MHD_USE_EPOLL_INTERNAL_THREAD;

    return MHD_start_daemon(flags | MHD_USE_ITC | MHD_ALLOW_SUSPEND_RESUME, 0, on_accept, server, on_request,
                            server, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
}

/* Takes ownership of the descriptor, even if it fails. `server` must not move: its thread starts at once. */
static int server_start(struct server *server)
{
    int error;

    errno = 0;
    server->daemon = daemon_start(server);
    if (!server->daemon) {
        error = errno ? -errno : -EINVAL;
        close(server->listener.fd);
        return error;
    }
    error = self_probe_init(&server->probe, server->daemon, &server->http->probe_address, speaks_tls(server));
    if (error < 0)
        MHD_stop_daemon(server->daemon); /* also closes the descriptor */
    return error;
}

int http_start(struct http *http, struct listeners *listeners, struct fault *fault)
{
    while (listeners->count > 0) {
        struct server *server = &http->servers[http->server_count];
        char url[LISTEN_URL_MAX];
        int error;

        *server = (struct server){.http = http, .listener = listeners->items[--listeners->count]};
        listen_url(server->listener.fd, speaks_tls(server) ? "https" : "http", "", url);
        error = server_start(server);
        if (error < 0) {
            listeners_done(listeners);
            return fault_errno(fault, error, "cannot serve %s", url);
        }
        http->server_count++;
    }
    return 0;
}

void http_configure(struct http *http, const struct connections_limits *settings)
{
    connections_configure(http->connections, settings);
}

/* Returns true if a connection waits to be accepted: libmicrohttpd is late, or stopped for lack of
 * descriptors. */
static bool server_behind(const struct server *server)
{
    return descriptor_events(server->listener.fd, POLLIN) & POLLIN;
}

uint64_t http_sweep(struct http *http, uint64_t now_ns, uint64_t wanted_ns)
{
    (void)connections_sweep(http->connections, now_ns);
    for (size_t i = 0; i < http->server_count; i++) {
        struct server *server = &http->servers[i];

        if (!server_behind(server))
            continue;
        self_probe_renew(&server->probe, server->daemon);
        if (now_ns + NS_PER_SECOND < wanted_ns)
            wanted_ns = now_ns + NS_PER_SECOND;
    }
    return connections_announce(http->connections, now_ns, wanted_ns);
}

void http_ask(struct http *http)
{
    for (size_t i = 0; i < http->server_count; i++)
        self_probe_ask(&http->servers[i].probe, http->servers[i].daemon);
}

bool http_answered(struct http *http)
{
    bool all = true;

    for (size_t i = 0; i < http->server_count; i++)
        all &= self_probe_answered(&http->servers[i].probe, http->servers[i].daemon);
    return all;
}

/*
 * MHD_quiesce_daemon() cannot be used: it and the daemon's thread both remove the socket from the epoll set,
 * and the thread aborts the program if it comes second (MHD_epoll() gets ENOENT when it also checks the
 * connection limit). Without it, and as that limit is never reached, the thread does not touch the set. The
 * descriptor is not closed either, since the thread may be about to use it: another socket replaces it.
 * MHD_stop_daemon() closes it.
 */
static void server_stop_listening(struct server *server, int placeholder)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);

    if (info)
        (void)epoll_ctl(info->epoll_fd, EPOLL_CTL_DEL, server->listener.fd, NULL);
    (void)dup3(placeholder, server->listener.fd, O_CLOEXEC);
}

void http_stop_listening(struct http *http)
{
    if (atomic_exchange(&http->stopping, true))
        return;
    for (size_t i = 0; i < http->server_count; i++)
        server_stop_listening(&http->servers[i], http->placeholder[0]);
}

/* What a thread has just accepted is in the table only when it gets to it: before it answers a question that
 * is put after it stopped listening. */
static bool is_drained(struct http *http, bool *asked)
{
    bool answered = http_answered(http);

    if (answered && !*asked) {
        http_ask(http);
        *asked = true;
        return false;
    }
    return answered && connections_active(http->connections, clock_boottime_ns()) == 0;
}

bool http_drain(struct http *http, uint64_t wait_ns)
{
    static const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
    uint64_t end_ns = clock_boottime_ns() + wait_ns;
    bool drained, asked = false;

    while (!(drained = is_drained(http, &asked)) && clock_boottime_ns() < end_ns)
        (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
    return drained;
}

struct http *http_free(struct http *http)
{
    if (!http)
        return NULL;
    http_stop_listening(http);
    /* libmicrohttpd aborts the program if it is stopped while connections are suspended. */
    if (http->routes->auth)
        auth_stop(http->routes->auth);
    if (http->routes->rounds)
        rounds_stop(http->routes->rounds);
    for (size_t i = 0; i < http->server_count; i++) {
        MHD_stop_daemon(http->servers[i].daemon);
        self_probe_done(&http->servers[i].probe);
    }
    closep(&http->placeholder[0]);
    closep(&http->placeholder[1]);
    connections_free(http->connections);
    tls_done(&http->tls);
    free(http);
    return NULL;
}
