/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Who may ask, decided: HTTP's basic authentication. A hash is made to be slow, and whoever can connect can
 * make us compute one; so a password that was right is remembered, as a keyed digest, and costs no second
 * hash, hashes are computed one at a time, and after a wrong password its client waits. An unknown name costs
 * what a known one costs. HTTP threads ask; main brings other users at a reload.
 */

#include <stdint.h>
#include <sys/socket.h>

#include "base/limits.h"
#include "daemon/http/users.h"

struct auth;

enum auth_result {
    AUTH_GRANTED,
    AUTH_REFUSED, /* nothing said, or not the right thing */
    AUTH_LATER,   /* not even looked at: too many wrong ones before it, which counted as a limit hit */
};

/* Takes the reference to the users over, `limits` is borrowed. -ENOMEM, -errno: the reference is the
 * caller's. */
int auth_new(struct users *users, struct limits *limits, struct auth **ret_auth);
struct auth *auth_free(struct auth *auth); /* accepts NULL, returns NULL */

/* Other users from now on; takes the reference over. Who was remembered and still has the same hash, still
 * is. */
void auth_replace(struct auth *auth, struct users *users);

/* `authorization` is the header's value, NULL: there is none. May take as long as hashes do. */
enum auth_result auth_check(struct auth *auth, const char *authorization, const struct sockaddr *client);
