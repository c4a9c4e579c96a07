/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/http/auth.h"

/*
 * Decides who may ask, and computes password hashes on a thread of its own. `lock` guards everything but what
 * only the thread uses. It is held only while digests are compared and the waiting attempts are checked.
 */

#include <crypt.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <nettle/memops.h>

#include "base/cleanup.h"
#include "daemon/http/credit.h"
#include "daemon/http/verdicts.h"
#include "daemon/run/alarm.h"

static const struct credit_terms password_terms = {
    .free_ns = NS_PER_SECOND / 20,
    .free_pieces = 4,
    .pause_min_ns = NS_PER_SECOND / 10,
    .limit = LIMIT_PASSWORDS,
};

struct auth_attempt {
    struct auth_attempt *next;
    struct credentials credentials;
    struct digest digest;
    struct credit_client client;
    struct auth_waiter waiter;
    uint64_t since_ns;
    enum auth_result result;
};

struct auth {
    struct credit credit;
    pthread_mutex_t lock;
    struct alarm alarm; /* set to the thread's next turn */
    struct verdicts verdicts;
    struct auth_attempt *waiting; /* in order of arrival */
    size_t waiting_count;
    bool stopping;
    bool running; /* set by main: the thread exists */
    pthread_t thread;
    struct crypt_data crypt; /* used by the thread only */
};

int auth_new(struct users *users, struct limits *limits, struct auth **ret_auth)
{
    struct auth *auth = calloc(1, sizeof(*auth));
    int error = auth ? alarm_open(&auth->alarm) : -ENOMEM;

    if (error == 0 && verdicts_init(&auth->verdicts, users) < 0) {
        close(auth->alarm.fd);
        error = -EIO;
    }
    if (error < 0) {
        free(auth);
        return error;
    }
    credit_init(&auth->credit, &password_terms, limits);
    pthread_mutex_init(&auth->lock, NULL);
    *ret_auth = auth;
    return 0;
}

struct auth *auth_free(struct auth *auth)
{
    if (!auth)
        return NULL;
    auth_stop(auth);
    credit_done(&auth->credit);
    verdicts_done(&auth->verdicts);
    close(auth->alarm.fd);
    pthread_mutex_destroy(&auth->lock);
    explicit_bzero(auth, sizeof(*auth));
    free(auth);
    return NULL;
}

void auth_replace(struct auth *auth, struct users *users)
{
    struct users *old;

    pthread_mutex_lock(&auth->lock);
    old = verdicts_replace(&auth->verdicts, users);
    pthread_mutex_unlock(&auth->lock);
    users_unref(old);
}

/* Digests "name", NUL, "password". */
static void digest_credentials(const struct auth *auth, const struct credentials *credentials,
                               struct digest *ret_digest)
{
    verdicts_digest(&auth->verdicts, credentials->text, credentials->size, ret_digest);
}

static enum auth_result look(struct auth *auth, const struct digest *digest,
                             const struct credit_client *client)
{
    uint64_t now_ns = clock_boottime_ns();
    enum credit_standing standing;
    enum verdict verdict;

    pthread_mutex_lock(&auth->lock);
    verdict = verdicts_find(&auth->verdicts, digest);
    pthread_mutex_unlock(&auth->lock);
    if (verdict != VERDICT_UNKNOWN)
        return verdict == VERDICT_RIGHT ? AUTH_GRANTED : AUTH_REFUSED;
    if (credit_when(&auth->credit, client, now_ns, &standing) <= now_ns + AUTH_WAIT_MAX_NS)
        return AUTH_HASH;
    credit_hit(&auth->credit);
    return AUTH_LATER;
}

enum auth_result auth_check(struct auth *auth, const char *authorization, const struct sockaddr *client)
{
    struct credentials credentials;
    enum auth_result result = AUTH_REFUSED;
    struct credit_client who = credit_client(client);
    struct digest digest;

    if (!authorization)
        return AUTH_REFUSED;
    if (credentials_parse(authorization, &credentials)) {
        digest_credentials(auth, &credentials, &digest);
        result = look(auth, &digest, &who);
    }
    explicit_bzero(&credentials, sizeof(credentials));
    return result;
}

struct auth_attempt *auth_attempt_new(const struct auth *auth, const char *authorization,
                                      const struct sockaddr *client, const struct auth_waiter *waiter)
{
    struct auth_attempt *attempt = calloc(1, sizeof(*attempt));

    if (!attempt)
        return NULL;
    if (!credentials_parse(authorization, &attempt->credentials))
        return auth_attempt_free(attempt);
    digest_credentials(auth, &attempt->credentials, &attempt->digest);
    attempt->client = credit_client(client);
    attempt->waiter = *waiter;
    return attempt;
}

struct auth_attempt *auth_attempt_free(struct auth_attempt *attempt)
{
    if (attempt)
        explicit_bzero(attempt, sizeof(*attempt));
    free(attempt);
    return NULL;
}

enum auth_result auth_attempt_result(const struct auth_attempt *attempt)
{
    return attempt->result;
}

/* Ends the attempt. Its owner may free it at once. */
static void attempt_end(struct auth *auth, struct auth_attempt *attempt, enum auth_result result)
{
    struct auth_waiter waiter = attempt->waiter;

    if (result == AUTH_LATER)
        credit_hit(&auth->credit);
    attempt->result = result;
    waiter.wake(waiter.data);
}

void auth_submit(struct auth *auth, struct auth_attempt *attempt)
{
    struct auth_attempt **end = &auth->waiting;
    bool taken;

    attempt->since_ns = clock_boottime_ns();
    pthread_mutex_lock(&auth->lock);
    taken = !auth->stopping && auth->waiting_count < AUTH_WAITING_MAX;
    if (taken) {
        while (*end)
            end = &(*end)->next;
        *end = attempt;
        auth->waiting_count++;
        alarm_set(&auth->alarm, 0);
    }
    pthread_mutex_unlock(&auth->lock);
    if (!taken)
        attempt_end(auth, attempt, AUTH_LATER);
}

static struct auth_attempt *unlink_attempt(struct auth *auth, struct auth_attempt **at)
{
    struct auth_attempt *attempt = *at;

    *at = attempt->next;
    attempt->next = NULL;
    auth->waiting_count--;
    return attempt;
}

/* When a hash may be computed, and the standing of its client. */
struct turn {
    uint64_t when_ns;
    enum credit_standing standing;
};

/* Returns AUTH_HASH if a hash is still needed, and sets the turn. Otherwise another attempt had the same
 * password, or this one waited too long. */
static enum auth_result judge(struct auth *auth, const struct auth_attempt *attempt, uint64_t now_ns,
                              struct turn *ret_turn)
{
    enum verdict verdict = verdicts_find(&auth->verdicts, &attempt->digest);

    if (verdict != VERDICT_UNKNOWN)
        return verdict == VERDICT_RIGHT ? AUTH_GRANTED : AUTH_REFUSED;
    ret_turn->when_ns = credit_when(&auth->credit, &attempt->client, now_ns, &ret_turn->standing);
    if (auth->stopping || now_ns > attempt->since_ns + AUTH_QUEUE_MAX_NS ||
        (ret_turn->when_ns > now_ns && ret_turn->when_ns > attempt->since_ns + AUTH_WAIT_MAX_NS))
        return AUTH_LATER;
    return AUTH_HASH;
}

/* Returns the attempt whose turn it is. Returns NULL if there is none, and sets the time of the next turn.
 * Puts attempts that have a result without a hash into `ret_ended`. */
static struct auth_attempt *take_turn(struct auth *auth, struct auth_attempt **ret_ended,
                                      uint64_t *ret_again_ns)
{
    uint64_t now_ns = clock_boottime_ns();
    struct auth_attempt **at = &auth->waiting, **best = NULL;
    struct turn turn = {}, best_turn = {};

    *ret_again_ns = UINT64_MAX;
    while (*at) {
        enum auth_result result = judge(auth, *at, now_ns, &turn);

        if (result != AUTH_HASH) {
            struct auth_attempt *ended = unlink_attempt(auth, at);

            ended->result = result;
            ended->next = *ret_ended;
            *ret_ended = ended;
            continue;
        }
        if (turn.when_ns > now_ns) {
            *ret_again_ns = turn.when_ns < *ret_again_ns ? turn.when_ns : *ret_again_ns;
        } else if (!best || turn.standing < best_turn.standing) {
            best = at;
            best_turn = turn;
        }
        at = &(*at)->next;
    }
    if (!best)
        return NULL;
    *ret_again_ns = now_ns;
    return unlink_attempt(auth, best);
}

static bool hash_matches(struct auth *auth, const char *password, const char *hash)
{
    const char *result = crypt_rn(password, hash, &auth->crypt, sizeof(auth->crypt));
    bool matches = result && strlen(result) == strlen(hash) && memeql_sec(result, hash, strlen(hash));

    explicit_bzero(&auth->crypt, sizeof(auth->crypt));
    return matches;
}

static bool compute(struct auth *auth, const struct auth_attempt *attempt, struct users *users,
                    size_t *ret_user)
{
    const char *name = attempt->credentials.name;
    size_t user = users_find(users, name), compared = user;

    /* An unknown name costs as much as a known one, and always the same. */
    if (user == users->count)
        compared = verdicts_choose(&auth->verdicts, name, strlen(name), users->count);
    *ret_user = user;
    return hash_matches(auth, attempt->credentials.password, users->items[compared].hash) && user == compared;
}

static enum auth_result decide(struct auth *auth, const struct auth_attempt *attempt, struct users *users)
{
    uint64_t begin_ns = clock_read_ns(CLOCK_THREAD_CPUTIME_ID), cost_ns, now_ns;
    size_t user;
    bool right = compute(auth, attempt, users, &user);

    cost_ns = clock_read_ns(CLOCK_THREAD_CPUTIME_ID) - begin_ns;
    now_ns = clock_boottime_ns();
    credit_charge(&auth->credit, &attempt->client, cost_ns, now_ns);
    credit_settle(&auth->credit, &attempt->client, cost_ns, right, now_ns);
    pthread_mutex_lock(&auth->lock);
    /* A reload may have replaced the users meanwhile. */
    if (users == auth->verdicts.users && right)
        verdicts_right(&auth->verdicts, user, &attempt->digest);
    else if (users == auth->verdicts.users)
        verdicts_wrong(&auth->verdicts, &attempt->digest);
    pthread_mutex_unlock(&auth->lock);
    return right ? AUTH_GRANTED : AUTH_REFUSED;
}

uint64_t auth_turn(struct auth *auth)
{
    struct auth_attempt *ended = NULL, *attempt, *next;
    struct users *users;
    uint64_t again_ns;

    pthread_mutex_lock(&auth->lock);
    attempt = take_turn(auth, &ended, &again_ns);
    alarm_over(&auth->alarm);
    alarm_set(&auth->alarm, again_ns);
    users = users_ref(auth->verdicts.users);
    pthread_mutex_unlock(&auth->lock);
    for (; ended; ended = next) {
        next = ended->next;
        attempt_end(auth, ended, ended->result);
    }
    if (attempt)
        attempt_end(auth, attempt, decide(auth, attempt, users));
    users_unref(users);
    return again_ns;
}

/* Returns false if there is no attempt left. */
static bool turn_on(struct auth *auth)
{
    bool stopping;

    (void)auth_turn(auth);
    pthread_mutex_lock(&auth->lock);
    stopping = auth->stopping;
    pthread_mutex_unlock(&auth->lock);
    return !stopping;
}

static void *auth_thread(void *data)
{
    struct auth *auth = data;

    while (!alarm_wait(&auth->alarm) || turn_on(auth))
        ;
    return NULL;
}

int auth_start(struct auth *auth)
{
    int error = pthread_create(&auth->thread, NULL, auth_thread, auth);

    auth->running = !error;
    return -error;
}

void auth_stop(struct auth *auth)
{
    pthread_mutex_lock(&auth->lock);
    auth->stopping = true;
    alarm_set(&auth->alarm, 0);
    pthread_mutex_unlock(&auth->lock);
    if (auth->running)
        pthread_join(auth->thread, NULL);
    auth->running = false;
    (void)auth_turn(auth);
}
