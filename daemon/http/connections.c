/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/http/connections.h"

/* See connections.h. Called by the HTTP threads and by main; each function takes the one lock. */

#include <errno.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

enum phase {
    PHASE_FREE,
    PHASE_WAITING, /* connected, no request line yet */
    PHASE_REQUEST, /* the request line has arrived */
    PHASE_ANSWER,  /* the request is whole, the answer is being made or sent */
    PHASE_IDLE,    /* kept alive, between two requests */
};

struct connection {
    enum phase phase;
    int fd;
    bool shut; /* shut down already; libmicrohttpd will notice and remove it */
    struct in6_addr address;
    struct certificate *certificate; /* of its TLS session, a reference; NULL without TLS */
    uint64_t since_ns;               /* WAITING, IDLE: of the phase; REQUEST, ANSWER: of the request line */
    struct connection *next_free;    /* while free */
};

struct connections {
    pthread_mutex_t lock;
    struct connections_limits settings;
    struct limits *limits;
    size_t count;             /* entries in use */
    size_t touched;           /* entries[touched ..] have never been used, nor their memory touched */
    struct connection *spare; /* free entries below it */
    struct connection entries[CONNECTIONS_MAX];
};

int connections_new(const struct connections_limits *settings, struct limits *limits,
                    struct connections **ret_connections)
{
    struct connections *connections = calloc(1, sizeof(*connections));

    if (!connections)
        return -ENOMEM;
    pthread_mutex_init(&connections->lock, NULL);
    connections->settings = *settings;
    connections->limits = limits;
    *ret_connections = connections;
    return 0;
}

struct connections *connections_free(struct connections *connections)
{
    if (!connections)
        return NULL;
    pthread_mutex_destroy(&connections->lock);
    free(connections);
    return NULL;
}

void connections_configure(struct connections *connections, const struct connections_limits *settings)
{
    pthread_mutex_lock(&connections->lock);
    connections->settings = *settings;
    pthread_mutex_unlock(&connections->lock);
}

/* IPv4 becomes ::ffff:a.b.c.d, as a dual-stack socket reports it. */
static struct in6_addr address_of(const struct sockaddr *address)
{
    struct in6_addr result = IN6ADDR_ANY_INIT;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;

    if (address->sa_family == AF_INET) {
        memcpy(&v4, address, sizeof(v4));
        result.s6_addr[10] = result.s6_addr[11] = 0xff;
        memcpy(&result.s6_addr[12], &v4.sin_addr, sizeof(v4.sin_addr));
    } else if (address->sa_family == AF_INET6) {
        memcpy(&v6, address, sizeof(v6));
        result = v6.sin6_addr;
    }
    return result;
}

static size_t count_of(const struct connections *connections, const struct in6_addr *address)
{
    size_t count = 0;

    for (size_t i = 0; i < connections->touched; i++) {
        const struct connection *connection = &connections->entries[i];

        count += connection->phase != PHASE_FREE && IN6_ARE_ADDR_EQUAL(&connection->address, address);
    }
    return count;
}

static bool admit_locked(struct connections *connections, const struct in6_addr *address)
{
    if (connections->count >= CONNECTIONS_MAX || connections->count >= connections->settings.total) {
        limit_hit(connections->limits, LIMIT_CONNECTIONS);
        return false;
    }
    if (count_of(connections, address) >= connections->settings.per_address) {
        limit_hit(connections->limits, LIMIT_CONNECTIONS_PER_ADDRESS);
        return false;
    }
    return true;
}

bool connections_admit(struct connections *connections, const struct sockaddr *address)
{
    struct in6_addr key = address_of(address);
    bool admitted;

    pthread_mutex_lock(&connections->lock);
    admitted = admit_locked(connections, &key);
    pthread_mutex_unlock(&connections->lock);
    return admitted;
}

static struct connection *take_entry(struct connections *connections)
{
    struct connection *connection = connections->spare;

    if (connection)
        connections->spare = connection->next_free;
    else
        connection = &connections->entries[connections->touched++];
    connections->count++;
    return connection;
}

struct connection *connections_add(struct connections *connections, int fd, const struct sockaddr *address,
                                   uint64_t now_ns)
{
    struct in6_addr key = address_of(address);
    struct connection *connection = NULL;

    pthread_mutex_lock(&connections->lock);
    if (admit_locked(connections, &key)) {
        connection = take_entry(connections);
        *connection = (struct connection){
            .phase = PHASE_WAITING,
            .fd = fd,
            .address = key,
            .since_ns = now_ns,
        };
    }
    pthread_mutex_unlock(&connections->lock);
    return connection;
}

void connection_hold(struct connection *connection, struct certificate *certificate)
{
    connection->certificate = certificate;
}

void connections_remove(struct connections *connections, struct connection *connection)
{
    certificate_unref(connection->certificate);
    pthread_mutex_lock(&connections->lock);
    *connection = (struct connection){.phase = PHASE_FREE, .next_free = connections->spare};
    connections->spare = connection;
    connections->count--;
    pthread_mutex_unlock(&connections->lock);
}

void connections_request(struct connections *connections, struct connection *connection, uint64_t now_ns)
{
    pthread_mutex_lock(&connections->lock);
    connection->phase = PHASE_REQUEST;
    connection->since_ns = now_ns;
    pthread_mutex_unlock(&connections->lock);
}

void connections_answer(struct connections *connections, struct connection *connection)
{
    pthread_mutex_lock(&connections->lock);
    connection->phase = PHASE_ANSWER;
    pthread_mutex_unlock(&connections->lock);
}

void connections_complete(struct connections *connections, struct connection *connection, uint64_t now_ns)
{
    pthread_mutex_lock(&connections->lock);
    connection->phase = PHASE_IDLE;
    connection->since_ns = now_ns;
    pthread_mutex_unlock(&connections->lock);
}

/*
 * libmicrohttpd sees the end and closes the descriptor. With a linger time of zero that close() drops what
 * the client would not read: else it stays in the kernel's memory until TCP gives up, minutes later, and the
 * client could take a cut-off answer for a finished one (net/ipv4/tcp.c, __tcp_close).
 */
static void connection_shut(struct connection *connection)
{
    static const struct linger reset = {.l_onoff = 1, .l_linger = 0};

    (void)setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    (void)shutdown(connection->fd, SHUT_RDWR);
    connection->shut = true;
}

static bool overdue(const struct connections *connections, const struct connection *connection,
                    uint64_t now_ns)
{
    uint64_t deadline_ns = connections->settings.request_timeout_ns;

    if (connection->phase == PHASE_FREE || connection->shut)
        return false;
    if (connection->phase == PHASE_IDLE)
        deadline_ns = CONNECTION_IDLE_MAX_NS;
    /* An HTTP thread may have read the clock after the caller did. */
    return now_ns > connection->since_ns && now_ns - connection->since_ns > deadline_ns;
}

/* True where the client has ended its side, everything it sent was read, and everything it was sent has
 * arrived. */
static bool peer_gone(int fd)
{
    struct pollfd events = {.fd = fd, .events = POLLRDHUP};
    int unread = 0, unsent = 0;

    return poll(&events, 1, 0) == 1 && ioctl(fd, SIOCINQ, &unread) == 0 &&
           ioctl(fd, SIOCOUTQ, &unsent) == 0 && !unread && !unsent;
}

/*
 * libmicrohttpd does not notice an end that comes with data: it reads until the data is all, and the kernel,
 * asked for edges, tells nothing twice. The connection would wait for the rest of its request until the
 * deadline. Only one that waits is looked at, and not at once: libmicrohttpd may have read what makes a whole
 * request just now.
 */
static bool abandoned(const struct connection *connection, uint64_t now_ns)
{
    if (connection->phase == PHASE_FREE || connection->phase == PHASE_ANSWER || connection->shut)
        return false;
    return now_ns > connection->since_ns && now_ns - connection->since_ns > CONNECTION_LOOK_AFTER_NS &&
           peer_gone(connection->fd);
}

/* True where it has not sent a byte: a browser keeps such a connection at hand for its next request. It has
 * its time and no more, but nobody's request was cut off. */
static bool silent(const struct connection *connection)
{
    struct tcp_info info = {};
    socklen_t size = sizeof(info);

    return connection->phase == PHASE_WAITING &&
           getsockopt(connection->fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 && !info.tcpi_bytes_received;
}

size_t connections_sweep(struct connections *connections, uint64_t now_ns)
{
    size_t shut = 0;

    pthread_mutex_lock(&connections->lock);
    for (size_t i = 0; i < connections->touched; i++) {
        struct connection *connection = &connections->entries[i];
        bool gone = abandoned(connection, now_ns);

        if (!gone && !overdue(connections, connection, now_ns))
            continue;
        if (!gone && connection->phase != PHASE_IDLE && !silent(connection))
            limit_hit(connections->limits, LIMIT_REQUEST_TIME);
        connection_shut(connection);
        shut++;
    }
    pthread_mutex_unlock(&connections->lock);
    return shut;
}

bool connections_shed_oldest(struct connections *connections)
{
    struct connection *oldest = NULL;

    pthread_mutex_lock(&connections->lock);
    for (size_t i = 0; i < connections->touched; i++) {
        struct connection *connection = &connections->entries[i];

        if (connection->phase != PHASE_ANSWER || connection->shut)
            continue;
        if (!oldest || connection->since_ns < oldest->since_ns)
            oldest = connection;
    }
    if (oldest) {
        limit_hit(connections->limits, LIMIT_RESPONSE_BYTES);
        connection_shut(oldest);
    }
    pthread_mutex_unlock(&connections->lock);
    return oldest != NULL;
}

static bool connection_active(const struct connection *connection, uint64_t now_ns)
{
    switch (connection->phase) {
    case PHASE_WAITING:
        return now_ns < connection->since_ns + CONNECTION_NEW_NS;
    case PHASE_REQUEST:
    case PHASE_ANSWER:
        return true;
    default:
        return false;
    }
}

size_t connections_active(struct connections *connections, uint64_t now_ns)
{
    size_t active = 0;

    pthread_mutex_lock(&connections->lock);
    for (size_t i = 0; i < connections->touched; i++) {
        const struct connection *connection = &connections->entries[i];

        active += !connection->shut && connection_active(connection, now_ns);
    }
    pthread_mutex_unlock(&connections->lock);
    return active;
}
