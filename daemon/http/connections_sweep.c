/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/http/connections_private.h"

/*
 * The half of the connection table that ends connections: those that are overdue or whose client is gone. It
 * also says when to check again. Main thread.
 */

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>

#include "base/descriptor.h"

/*
 * libmicrohttpd sees the end and closes the descriptor. With a linger time of zero, that close() discards
 * what the client did not read. Otherwise the kernel keeps it until TCP gives up, minutes later, and the
 * client could take a cut answer for a complete one (net/ipv4/tcp.c, __tcp_close).
 */
void connections_shut(struct connection *connection)
{
    static const struct linger reset = {.l_onoff = 1, .l_linger = 0};

    (void)setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    (void)shutdown(connection->fd, SHUT_RDWR);
    connection->shut = true;
}

bool connection_ended(const struct connection *connection)
{
    return descriptor_events(connection->fd, POLLRDHUP);
}

/* Returns when the connection is overdue. */
static uint64_t deadline_ns(const struct connections *connections, const struct connection *connection)
{
    return connection->since_ns + (connection->phase == PHASE_IDLE
                                       ? CONNECTION_IDLE_MAX_NS
                                       : connections->settings.request_timeout_ns);
}

bool connections_early(struct connections *connections, const struct connection *connection)
{
    uint64_t due_ns = connection->ended ? connection->since_ns + CONNECTION_LOOK_AFTER_NS
                                        : deadline_ns(connections, connection);
    bool early = due_ns < connections->sweep_ns;

    if (early)
        connections->sweep_ns = due_ns;
    return early;
}

static bool overdue(const struct connections *connections, const struct connection *connection,
                    uint64_t now_ns)
{
    /* An HTTP thread may have read the clock after the caller did. */
    return connection->phase != PHASE_FREE && !connection->shut &&
           now_ns > deadline_ns(connections, connection);
}

/* Returns true if the client closed its side, everything that it sent was read, and everything sent to it has
 * arrived. */
static bool peer_gone(const struct connection *connection)
{
    int unread = 0, unsent = 0;

    return connection_ended(connection) && ioctl(connection->fd, SIOCINQ, &unread) == 0 &&
           ioctl(connection->fd, SIOCOUTQ, &unsent) == 0 && !unread && !unsent;
}

/*
 * libmicrohttpd does not notice an end that comes together with data: it reads until no data is left, and
 * edge-triggered epoll reports nothing twice. The connection would wait for the rest of its request, or for
 * the next one, until the deadline. Only waiting connections are checked, and not at once: libmicrohttpd may
 * just have read a complete request.
 */
static bool abandoned(const struct connection *connection, uint64_t now_ns)
{
    if (connection->phase == PHASE_FREE || connection->phase == PHASE_ANSWER || connection->shut)
        return false;
    return now_ns > connection->since_ns && now_ns - connection->since_ns > CONNECTION_LOOK_AFTER_NS &&
           peer_gone(connection);
}

/* Returns true if the client has not sent a byte. Browsers keep such a connection ready for their next
 * request. It is ended at its deadline, but no request was cut off. Always false for the local socket, which
 * has no TCP_INFO. */
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
        connections_shut(connection);
        shut++;
    }
    pthread_mutex_unlock(&connections->lock);
    return shut;
}

static uint64_t look_ns(const struct connections *connections, const struct connection *connection,
                        uint64_t now_ns)
{
    uint64_t due_ns = deadline_ns(connections, connection) + 1;
    bool waits =
        connection->phase == PHASE_WAITING || connection->phase == PHASE_REQUEST || connection->ended;

    if (waits && now_ns + CONNECTION_LOOK_AFTER_NS < due_ns)
        return now_ns + CONNECTION_LOOK_AFTER_NS;
    return due_ns;
}

uint64_t connections_announce(struct connections *connections, uint64_t now_ns, uint64_t wanted_ns)
{
    pthread_mutex_lock(&connections->lock);
    for (size_t i = 0; i < connections->touched; i++) {
        const struct connection *connection = &connections->entries[i];
        uint64_t due_ns = UINT64_MAX;

        if (connection->phase != PHASE_FREE && !connection->shut)
            due_ns = look_ns(connections, connection, now_ns);
        if (due_ns < wanted_ns)
            wanted_ns = due_ns;
    }
    connections->sweep_ns = wanted_ns;
    pthread_mutex_unlock(&connections->lock);
    return wanted_ns;
}
