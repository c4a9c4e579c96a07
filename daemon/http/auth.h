/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Decides who may ask: HTTP basic authentication. A password hash is slow by design, and anybody who can
 * connect can make us compute one. So a password that was right or wrong before needs no second hash
 * (verdicts.h), the cost of strangers is bounded (credit.h), and a thread of its own computes one hash at a
 * time, in the order of the clients' standing: only clients that need a hash wait for others. An unknown name
 * costs as much as a known one. HTTP threads ask; main replaces the users at a reload.
 */

#include <stdint.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/limits.h"
#include "daemon/http/users.h"

enum { AUTH_WAITING_MAX = 256 };

/* How long a client waits because of what it or its neighbours owe, and how long for the hashes of others. */
#define AUTH_WAIT_MAX_NS  (2 * NS_PER_SECOND)
#define AUTH_QUEUE_MAX_NS (8 * NS_PER_SECOND)

struct auth;
struct auth_attempt;

enum auth_result {
    AUTH_GRANTED,
    AUTH_OPEN,     /* the route is open to anybody */
    AUTH_REFUSED,  /* no credentials, or wrong ones */
    AUTH_LATER,    /* not checked: too many wrong ones before it, which counted as a limit hit */
    AUTH_HASH,     /* only a hash can tell, so an attempt is needed */
    AUTH_UNPROVEN, /* the client lacks the certificate that it needs */
};

/* Takes over the reference to the users; `limits` is borrowed. Returns 0 or -errno, and then the reference
 * stays the caller's. */
int auth_new(struct users *users, struct limits *limits, struct auth **ret_auth);
struct auth *auth_free(struct auth *auth); /* accepts NULL, returns NULL */

/* Starts the thread. Returns 0 or -errno. */
int auth_start(struct auth *auth);

/* Ends the thread. Every attempt, also one submitted later, gets AUTH_LATER. */
void auth_stop(struct auth *auth);

/* Replaces the users and takes over the reference. */
void auth_replace(struct auth *auth, struct users *users);

/* Decides without computing a hash. `authorization` is the value of the header, or NULL if there is none. */
enum auth_result auth_check(struct auth *auth, const char *authorization, const struct sockaddr *client);

/* Called when an attempt has its result, by any thread, possibly within auth_submit(). From then on the
 * attempt belongs to the waiter. */
struct auth_waiter {
    void (*wake)(void *data);
    void *data;
};

/* Call it after AUTH_HASH, with the same header and client. Returns NULL if memory runs out. */
struct auth_attempt *auth_attempt_new(const struct auth *auth, const char *authorization,
                                      const struct sockaddr *client, const struct auth_waiter *waiter);
void auth_submit(struct auth *auth, struct auth_attempt *attempt);
enum auth_result auth_attempt_result(const struct auth_attempt *attempt);
struct auth_attempt *auth_attempt_free(struct auth_attempt *attempt); /* accepts NULL, returns NULL */

/* One turn of the thread, also for tests: gives up attempts that waited too long, and computes the next hash.
 * Returns when to call it again (CLOCK_BOOTTIME), or UINT64_MAX for when there is another attempt. */
uint64_t auth_turn(struct auth *auth);
