/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/http/auth.h"

/* See auth.h. `hashing` is held while a hash is computed, by HTTP threads only; `lock` guards all else, a
 * leaf that is held for no longer than it takes to compare digests. */

#include <crypt.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <nettle/hmac.h>
#include <nettle/memops.h>

#include "base/cleanup.h"
#include "base/clock.h"

/* After a wrong password of an address, which took so long to check, nothing of its group of addresses is
 * checked for so many times as long: strangers keep GROUPS/PAUSE of a CPU busy at most, one of them 1/PAUSE,
 * and keep those of other groups from nothing. */
enum { GROUPS = 8, PAUSE = 32 };

/* Keyed, with a key that nobody knows and that dies with the process. */
struct digest {
    uint8_t bytes[SHA256_DIGEST_SIZE];
};

struct auth {
    struct limits *limits;
    struct digest key;
    pthread_mutex_t hashing;
    struct crypt_data crypt; /* hashing */
    pthread_mutex_t lock;
    struct users *users;
    uint64_t closed_until_ns[GROUPS];
    bool known[USERS_MAX]; /* as users->items: there is a digest */
    struct digest right[USERS_MAX];
};

int auth_new(struct users *users, struct limits *limits, struct auth **ret_auth)
{
    struct auth *auth = calloc(1, sizeof(*auth));

    if (!auth)
        return -ENOMEM;
    if (getrandom(&auth->key, sizeof(auth->key), 0) != sizeof(auth->key)) {
        free(auth);
        return -EIO;
    }
    pthread_mutex_init(&auth->hashing, NULL);
    pthread_mutex_init(&auth->lock, NULL);
    auth->limits = limits;
    auth->users = users;
    *ret_auth = auth;
    return 0;
}

struct auth *auth_free(struct auth *auth)
{
    if (!auth)
        return NULL;
    users_unref(auth->users);
    pthread_mutex_destroy(&auth->hashing);
    pthread_mutex_destroy(&auth->lock);
    explicit_bzero(auth, sizeof(*auth));
    free(auth);
    return NULL;
}

static void digest_make(const struct auth *auth, const void *data, size_t size, struct digest *digest)
{
    struct hmac_sha256_ctx context;

    hmac_sha256_set_key(&context, sizeof(auth->key), auth->key.bytes);
    hmac_sha256_update(&context, size, data);
    hmac_sha256_digest(&context, sizeof(digest->bytes), digest->bytes);
}

/* A number that depends on all of the data, and that nobody can foretell. */
static size_t choose(const struct auth *auth, const void *data, size_t size, size_t count)
{
    struct digest digest;
    uint64_t number;

    digest_make(auth, data, size, &digest);
    memcpy(&number, digest.bytes, sizeof(number));
    return number % count;
}

/* Of IPv6, whoever has one address has the 2^64 beside it. */
static size_t group_of(const struct auth *auth, const struct sockaddr *client)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;

    if (client->sa_family == AF_INET) {
        memcpy(&v4, client, sizeof(v4));
        return choose(auth, &v4.sin_addr, sizeof(v4.sin_addr), GROUPS);
    }
    memcpy(&v6, client, sizeof(v6));
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr))
        return choose(auth, &v6.sin6_addr.s6_addr[12], sizeof(v4.sin_addr), GROUPS);
    return choose(auth, &v6.sin6_addr, 8, GROUPS);
}

static size_t find_user(const struct users *users, const struct user *user)
{
    size_t i = 0;

    while (i < users->count && strcmp(users->items[i].name, user->name) != 0)
        i++;
    return i;
}

void auth_replace(struct auth *auth, struct users *users)
{
    struct digest right[USERS_MAX] = {};
    bool known[USERS_MAX] = {};
    struct users *old;

    pthread_mutex_lock(&auth->lock);
    old = auth->users;
    for (size_t i = 0; i < users->count; i++) {
        size_t before = find_user(old, &users->items[i]);

        known[i] = before < old->count && auth->known[before] &&
                   strcmp(users->items[i].hash, old->items[before].hash) == 0;
        if (known[i])
            right[i] = auth->right[before];
    }
    memcpy(auth->known, known, sizeof(known));
    memcpy(auth->right, right, sizeof(right));
    auth->users = users;
    pthread_mutex_unlock(&auth->lock);
    users_unref(old);
}

/* All are compared, each in the same time. */
static bool remembered(struct auth *auth, const struct digest *digest)
{
    bool found = false;

    pthread_mutex_lock(&auth->lock);
    for (size_t i = 0; i < auth->users->count; i++)
        found |= memeql_sec(&auth->right[i], digest, sizeof(*digest)) && auth->known[i];
    pthread_mutex_unlock(&auth->lock);
    return found;
}

/* A reference to the users; NULL: this group has to wait. */
static struct users *begin_check(struct auth *auth, size_t group, uint64_t now_ns)
{
    struct users *users = NULL;

    pthread_mutex_lock(&auth->lock);
    if (now_ns >= auth->closed_until_ns[group])
        users = users_ref(auth->users);
    pthread_mutex_unlock(&auth->lock);
    return users;
}

static void remember(struct auth *auth, struct users *users, size_t user, const struct digest *digest)
{
    pthread_mutex_lock(&auth->lock);
    /* A reload may have come between. */
    if (users == auth->users) {
        auth->right[user] = *digest;
        auth->known[user] = true;
    }
    pthread_mutex_unlock(&auth->lock);
}

static void close_group(struct auth *auth, size_t group, uint64_t begin_ns)
{
    uint64_t now_ns = clock_boottime_ns();

    pthread_mutex_lock(&auth->lock);
    auth->closed_until_ns[group] = now_ns + PAUSE * (now_ns - begin_ns);
    pthread_mutex_unlock(&auth->lock);
}

static bool hash_matches(struct auth *auth, const char *password, const char *hash)
{
    const char *result = crypt_rn(password, hash, &auth->crypt, sizeof(auth->crypt));
    bool matches = result && strlen(result) == strlen(hash) && memeql_sec(result, hash, strlen(hash));

    explicit_bzero(&auth->crypt, sizeof(auth->crypt));
    return matches;
}

static bool check_user(struct auth *auth, struct users *users, const struct credentials *credentials,
                       const struct digest *digest)
{
    const struct user asked = {.name = credentials->name};
    size_t user = find_user(users, &asked), compared = user;

    /* Nobody's name costs what somebody's does, and the same each time. */
    if (user == users->count)
        compared = choose(auth, asked.name, strlen(asked.name), users->count);
    if (!hash_matches(auth, credentials->password, users->items[compared].hash) || user != compared)
        return false;
    remember(auth, users, user, digest);
    return true;
}

static enum auth_result check_hashing(struct auth *auth, const struct credentials *credentials,
                                      const struct digest *digest, const struct sockaddr *client)
{
    size_t group = group_of(auth, client);
    enum auth_result result = AUTH_LATER;
    struct users *users;
    uint64_t begin_ns;

    pthread_mutex_lock(&auth->hashing);
    begin_ns = clock_boottime_ns();
    users = begin_check(auth, group, begin_ns);
    if (!users)
        limit_hit(auth->limits, LIMIT_PASSWORDS);
    else if (check_user(auth, users, credentials, digest))
        result = AUTH_GRANTED;
    else
        result = AUTH_REFUSED;
    if (result == AUTH_REFUSED)
        close_group(auth, group, begin_ns);
    users_unref(users);
    pthread_mutex_unlock(&auth->hashing);
    return result;
}

enum auth_result auth_check(struct auth *auth, const char *authorization, const struct sockaddr *client)
{
    struct credentials credentials;
    enum auth_result result = AUTH_REFUSED;
    struct digest digest;

    if (!authorization)
        return AUTH_REFUSED;
    if (credentials_parse(authorization, &credentials)) {
        /* "name", NUL, "password". */
        digest_make(auth, credentials.text, credentials.size, &digest);
        result =
            remembered(auth, &digest) ? AUTH_GRANTED : check_hashing(auth, &credentials, &digest, client);
    }
    explicit_bzero(&credentials, sizeof(credentials));
    return result;
}
