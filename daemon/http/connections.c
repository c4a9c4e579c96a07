/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/http/connections.h"

/*
 * The table of all HTTP connections and their states. The HTTP threads and the main thread call it; each
 * function takes the one lock.
 */

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "daemon/http/connections_private.h"
#include "daemon/http/owner.h"

int connections_new(const struct connections_limits *settings, struct limits *limits,
                    struct connections **ret_connections)
{
    struct connections *connections = calloc(1, sizeof(*connections));

    if (!connections)
        return -ENOMEM;
    pthread_mutex_init(&connections->lock, NULL);
    connections->settings = *settings;
    connections->limits = limits;
    connections->sweep_ns = UINT64_MAX;
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

void connections_sweeper(struct connections *connections, const struct bell *bell)
{
    connections->sweeper = bell;
}

void connections_configure(struct connections *connections, const struct connections_limits *settings)
{
    pthread_mutex_lock(&connections->lock);
    connections->settings = *settings;
    pthread_mutex_unlock(&connections->lock);
}

/* Connections of one owner, or of one share. */
struct tally {
    size_t count;
    size_t idle;
    struct connection *oldest_idle;
};

static void tally_add(struct tally *tally, struct connection *connection)
{
    tally->count++;
    if (connection->phase != PHASE_IDLE || connection->shut)
        return;
    tally->idle++;
    if (!tally->oldest_idle || connection->since_ns < tally->oldest_idle->since_ns)
        tally->oldest_idle = connection;
}

static void tally_up(struct connections *connections, const struct owner *owner, struct tally *ret_own,
                     struct tally *ret_share)
{
    *ret_own = *ret_share = (struct tally){};
    for (size_t i = 0; i < connections->touched; i++) {
        struct connection *connection = &connections->entries[i];

        if (connection->phase == PHASE_FREE || connection->given_up ||
            connection->owner.share != owner->share)
            continue;
        tally_add(ret_share, connection);
        if (owner_equal(&connection->owner, owner))
            tally_add(ret_own, connection);
    }
}

/* Ends the connection that has been idle longest. It no longer counts, so the new connection has its
 * place. */
static void give_up_idle(struct tally *tally)
{
    if (!tally->oldest_idle)
        return;
    connections_shut(tally->oldest_idle);
    tally->oldest_idle->given_up = true;
    tally->count--;
}

/* Returns true if an entry is free: ended connections still occupy theirs until libmicrohttpd closes them. */
static bool room(const struct connections *connections)
{
    return connections->spare || connections->touched < ELEMENTS(connections->entries);
}

static bool admit_locked(struct connections *connections, const struct owner *owner)
{
    uint64_t total = LOCAL_CONNECTIONS_MAX, of_one = LOCAL_CONNECTIONS_PER_USER, idle = of_one;
    struct tally own, share;

    if (owner->share == SHARE_NETWORK) {
        total = connections->settings.total < CONNECTIONS_MAX ? connections->settings.total : CONNECTIONS_MAX;
        of_one = connections->settings.per_address;
        idle = connections->settings.idle_per_address;
    }
    tally_up(connections, owner, &own, &share);
    if (own.count >= of_one || own.idle >= idle) {
        give_up_idle(&own);
        tally_up(connections, owner, &own, &share);
    }
    if (share.count >= total)
        give_up_idle(&share);
    if (share.count >= total || !room(connections)) {
        limit_hit(connections->limits, LIMIT_CONNECTIONS);
        return false;
    }
    if (own.count >= of_one) {
        limit_hit(connections->limits, LIMIT_CONNECTIONS_PER_ADDRESS);
        return false;
    }
    return true;
}

bool connections_admit(struct connections *connections, const struct newcomer *newcomer)
{
    struct owner owner = owner_of(newcomer);
    bool admitted;

    pthread_mutex_lock(&connections->lock);
    admitted = admit_locked(connections, &owner);
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
    return connection;
}

struct connection *connections_add(struct connections *connections, const struct newcomer *newcomer,
                                   uint64_t now_ns)
{
    struct owner owner = owner_of(newcomer);
    struct connection *connection = NULL;
    bool early = false;

    pthread_mutex_lock(&connections->lock);
    if (admit_locked(connections, &owner)) {
        connection = take_entry(connections);
        *connection = (struct connection){
            .phase = PHASE_WAITING,
            .fd = newcomer->fd,
            .owner = owner,
            .since_ns = now_ns,
        };
        early = connections_early(connections, connection);
    }
    pthread_mutex_unlock(&connections->lock);
    if (early)
        bell_ring(connections->sweeper);
    return connection;
}

void connection_hold(struct connection *connection, struct handshake *handshake)
{
    connection->handshake = handshake;
}

void connection_progress(struct connection *connection)
{
    if (connection->handshake)
        handshake_progress(connection->handshake);
}

void connection_let_in(struct connection *connection, uint64_t now_ns)
{
    if (connection->handshake)
        handshake_let_in(connection->handshake, now_ns);
}

void connections_remove(struct connections *connections, struct connection *connection)
{
    handshake_free(connection->handshake);
    pthread_mutex_lock(&connections->lock);
    *connection = (struct connection){.phase = PHASE_FREE, .next_free = connections->spare};
    connections->spare = connection;
    pthread_mutex_unlock(&connections->lock);
}

static void begin_phase(struct connections *connections, struct connection *connection, enum phase phase,
                        uint64_t now_ns)
{
    bool early;

    pthread_mutex_lock(&connections->lock);
    connection->phase = phase;
    connection->since_ns = now_ns;
    connection->ended = phase == PHASE_IDLE && connection_ended(connection);
    early = connections_early(connections, connection);
    pthread_mutex_unlock(&connections->lock);
    if (early)
        bell_ring(connections->sweeper);
}

void connections_request(struct connections *connections, struct connection *connection, uint64_t now_ns)
{
    begin_phase(connections, connection, PHASE_REQUEST, now_ns);
}

void connections_answer(struct connections *connections, struct connection *connection)
{
    pthread_mutex_lock(&connections->lock);
    connection->phase = PHASE_ANSWER;
    pthread_mutex_unlock(&connections->lock);
}

void connections_complete(struct connections *connections, struct connection *connection, uint64_t now_ns)
{
    begin_phase(connections, connection, PHASE_IDLE, now_ns);
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
        connections_shut(oldest);
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
