/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The inside of the connection table, for its two files: connections.c adds and removes connections,
 * connections_sweep.c ends them. All of it needs the lock.
 */

#include <pthread.h>

#include "daemon/http/connections.h"

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
    bool shut;     /* already shut down; libmicrohttpd will notice and remove it */
    bool given_up; /* and no longer counted */
    bool ended;    /* IDLE: the client had ended its side before the answer was out */
    struct owner owner;
    struct handshake *handshake; /* of its TLS session; NULL without TLS */
    uint64_t since_ns; /* WAITING, IDLE: start of the phase; REQUEST, ANSWER: time of the request line */
    struct connection *next_free; /* while free */
};

struct connections {
    pthread_mutex_t lock;
    struct connections_limits settings;
    struct limits *limits;
    const struct bell *sweeper;
    uint64_t sweep_ns;        /* when it sweeps next */
    size_t touched;           /* entries[touched ..] were never used, and their memory never touched */
    struct connection *spare; /* free entries below it */
    struct connection entries[CONNECTIONS_MAX + LOCAL_CONNECTIONS_MAX];
};

/* Shuts the connection down; libmicrohttpd sees that and closes the descriptor. */
void connections_shut(struct connection *connection);

/* Returns true if the client has closed its side. */
bool connection_ended(const struct connection *connection);

/* Returns true, once, if the connection is due before the next sweep. */
bool connections_early(struct connections *connections, const struct connection *connection);
