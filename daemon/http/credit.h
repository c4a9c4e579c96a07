/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Bounds how much of our CPU strangers may use. A password hash and a TLS handshake cost us milliseconds, but
 * the client next to nothing. So each is charged to the client's address (for IPv6, to its /64), and what
 * leads to nothing is paid off by waiting CREDIT_PAUSE times as long. All strangers together get a quarter of
 * a CPU: first clients that never failed, then neighbours of those that failed, and last those that failed.
 * So no stranger keeps out clients of another address.
 *
 * Costs are CPU time, times CLOCK_BOOTTIME, both in nanoseconds. Any thread; one lock, a leaf.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/limits.h"

enum {
    CREDIT_PAUSE = 32,      /* an address waits so many times as long as its failed work took */
    CREDIT_SHARE = 4,       /* all together get one part in so many of a CPU */
    CREDIT_ADDRESSES = 512, /* addresses with an account; the one that owes least is forgotten first */
};

/* How long an address is remembered as failed, or as let in. */
#define CREDIT_MEMORY_NS (600 * NS_PER_SECOND)

/* How much all may owe together before even the best of them waits: the larger of both. */
#define CREDIT_OVERDRAFT_NS (NS_PER_SECOND / 2)
enum { CREDIT_OVERDRAFT_PIECES = 8 }; /* each as expensive as the last one */

/* To whom work is charged: an IPv4 address or a /64 of IPv6, and the network around it (/24, /48). */
struct credit_client {
    uint64_t address;
    uint64_t network;
};

/* In the order in which they are served. */
enum credit_standing {
    CREDIT_KNOWN, /* let in lately */
    CREDIT_STRANGER,
    CREDIT_NEIGHBOUR, /* neighbour of a client that failed lately */
    CREDIT_FAILED,    /* lately */
};

/* What an address may cost before it has to wait: the larger of both. */
struct credit_terms {
    uint64_t free_ns;
    unsigned free_pieces;  /* as above */
    uint64_t pause_min_ns; /* from a failure to the next piece of work */
    enum limit limit;      /* counted for each client that has to wait */
};

struct credit_account {
    uint64_t clear_ns; /* when all is paid off */
    uint64_t next_ns;  /* not before that */
    uint64_t failed_until_ns;
    uint64_t known_until_ns;
};

struct credit_accounts {
    uint64_t keys[CREDIT_ADDRESSES];
    struct credit_account items[CREDIT_ADDRESSES];
    size_t count;
};

struct credit {
    struct credit_terms terms;
    struct limits *limits;
    pthread_mutex_t lock;
    uint64_t clear_ns; /* of all */
    uint64_t piece_ns; /* what the last one cost */
    struct credit_accounts addresses;
    struct credit_accounts networks;
};

/* Begins without accounts. Both arguments must outlive the credit. */
void credit_init(struct credit *credit, const struct credit_terms *terms, struct limits *limits);
void credit_done(struct credit *credit);

/* Returns the client of an address. An IPv4-mapped address is the IPv4 address. */
struct credit_client credit_client(const struct sockaddr *address);

/* Returns when the client may cost us something next; at once if that is not after `now_ns`. */
uint64_t credit_when(struct credit *credit, const struct credit_client *client, uint64_t now_ns,
                     enum credit_standing *ret_standing);

/* Counts that a client was refused for lack of credit. */
void credit_hit(struct credit *credit);

/* Charges a cost. credit_settle() says later what came of it. */
void credit_charge(struct credit *credit, const struct credit_client *client, uint64_t cost_ns,
                   uint64_t now_ns);

/* Settles a charge: the client was let in, and gets most of it back; or it failed. */
void credit_settle(struct credit *credit, const struct credit_client *client, uint64_t cost_ns, bool let_in,
                   uint64_t now_ns);
