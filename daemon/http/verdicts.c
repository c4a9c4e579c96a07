/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/http/verdicts.h"

/*
 * Remembers which passwords were right and which were wrong. Called under the lock of auth.c. Comparing
 * digests takes the same time whatever they are.
 */

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include <nettle/hmac.h>
#include <nettle/memops.h>

int verdicts_init(struct verdicts *verdicts, struct users *users)
{
    *verdicts = (struct verdicts){};
    if (getrandom(&verdicts->key, sizeof(verdicts->key), 0) != sizeof(verdicts->key))
        return -EIO;
    verdicts->users = users;
    return 0;
}

void verdicts_done(struct verdicts *verdicts)
{
    users_unref(verdicts->users);
    explicit_bzero(verdicts, sizeof(*verdicts));
}

void verdicts_digest(const struct verdicts *verdicts, const void *data, size_t size,
                     struct digest *ret_digest)
{
    struct hmac_sha256_ctx context;

    hmac_sha256_set_key(&context, sizeof(verdicts->key), verdicts->key.bytes);
    hmac_sha256_update(&context, size, data);
    hmac_sha256_digest(&context, sizeof(ret_digest->bytes), ret_digest->bytes);
}

size_t verdicts_choose(const struct verdicts *verdicts, const void *data, size_t size, size_t count)
{
    struct digest digest;
    uint64_t number;

    verdicts_digest(verdicts, data, size, &digest);
    memcpy(&number, digest.bytes, sizeof(number));
    return number % count;
}

static bool equal(const struct digest *a, const struct digest *b)
{
    return memeql_sec(a, b, sizeof(*a));
}

static struct digest *wrong_set(struct verdicts *verdicts, const struct digest *digest)
{
    return verdicts->wrong[digest->bytes[0] % WRONG_SETS];
}

/* Moves the entry to the front of its set, so that frequent ones stay. */
static void wrong_to_front(struct digest *set, size_t way, const struct digest *digest)
{
    const struct digest copy = *digest;

    memmove(&set[1], &set[0], way * sizeof(*set));
    set[0] = copy;
}

enum verdict verdicts_find(struct verdicts *verdicts, const struct digest *digest)
{
    struct digest *set = wrong_set(verdicts, digest);
    bool found = false;

    for (size_t i = 0; i < verdicts->users->count; i++)
        found |= equal(&verdicts->right[i], digest) && verdicts->known[i];
    if (found)
        return VERDICT_RIGHT;
    for (size_t way = 0; way < WRONG_WAYS; way++)
        if (equal(&set[way], digest)) {
            wrong_to_front(set, way, digest);
            return VERDICT_WRONG;
        }
    return VERDICT_UNKNOWN;
}

void verdicts_right(struct verdicts *verdicts, size_t user, const struct digest *digest)
{
    verdicts->right[user] = *digest;
    verdicts->known[user] = true;
}

void verdicts_wrong(struct verdicts *verdicts, const struct digest *digest)
{
    wrong_to_front(wrong_set(verdicts, digest), WRONG_WAYS - 1, digest);
}

struct users *verdicts_replace(struct verdicts *verdicts, struct users *users)
{
    struct users *old = verdicts->users;
    struct digest right[USERS_MAX] = {};
    bool known[USERS_MAX] = {};

    for (size_t i = 0; i < users->count; i++) {
        size_t before = users_find(old, users->items[i].name);

        known[i] = before < old->count && verdicts->known[before] &&
                   strcmp(users->items[i].hash, old->items[before].hash) == 0;
        if (known[i])
            right[i] = verdicts->right[before];
    }
    memcpy(verdicts->known, known, sizeof(known));
    memcpy(verdicts->right, right, sizeof(right));
    memset(verdicts->wrong, 0, sizeof(verdicts->wrong));
    verdicts->users = users;
    return old;
}
