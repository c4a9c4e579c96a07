/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Remembers passwords as keyed digests: the right one of each user, and recent wrong ones. A password hash is
 * slow by design, and neither needs a second one: a scraper asks all day long, even with an old password. The
 * key is random and ends with the process. Embedded in struct auth, and under its lock.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <nettle/sha2.h>

#include "daemon/http/users.h"

/* Wrong ones are kept in sets, so that a guesser cannot choose which of them it displaces. */
enum { WRONG_SETS = 256, WRONG_WAYS = 4 };

struct digest {
    uint8_t bytes[SHA256_DIGEST_SIZE];
};

enum verdict { VERDICT_UNKNOWN, VERDICT_RIGHT, VERDICT_WRONG };

struct verdicts {
    struct digest key;
    struct users *users;   /* a reference */
    bool known[USERS_MAX]; /* as users->items: true if there is a digest */
    struct digest right[USERS_MAX];
    struct digest wrong[WRONG_SETS][WRONG_WAYS]; /* the latest of each set first; {} if none */
};

/* Takes over the reference to the users. Returns 0, or -EIO, and then the reference stays the caller's. */
int verdicts_init(struct verdicts *verdicts, struct users *users);
void verdicts_done(struct verdicts *verdicts); /* wipes it */

/* Needs no lock. */
void verdicts_digest(const struct verdicts *verdicts, const void *data, size_t size,
                     struct digest *ret_digest);
/* Returns a number below `count` that depends on all of the data and that nobody can predict. Needs no lock.
 * */
size_t verdicts_choose(const struct verdicts *verdicts, const void *data, size_t size, size_t count);

enum verdict verdicts_find(struct verdicts *verdicts, const struct digest *digest);
void verdicts_right(struct verdicts *verdicts, size_t user, const struct digest *digest);
void verdicts_wrong(struct verdicts *verdicts, const struct digest *digest);

/* Replaces the users, takes over the reference, and returns the reference to the former users. Users whose
 * hash is unchanged stay remembered; wrong passwords are forgotten, for they may be right now. */
struct users *verdicts_replace(struct verdicts *verdicts, struct users *users);
