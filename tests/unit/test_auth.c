/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who may ask, and what it costs to find out: hashes are the real ones, counted, and the clock is the test's.
 */

#include <arpa/inet.h>
#include <crypt.h>
#include <netinet/in.h>
#include <string.h>
#include <time.h>

#include <nettle/base64.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "daemon/http/auth.h"
#include "tests/unit/unit.h"

#define SECRET_BCRYPT "$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"
#define SECRET_SHA512                                                                                        \
    "$6$rounds=1000$saltsalt$LAV5VE5Y7w1d73x1mFNspYWUpazfmwv2SoepNXNKJ/otop/Zok96Hr8Q13LEv0DRY/x8v0/crpIjl8" \
    "NJSAqXV/"
#define SECRET_YESCRYPT "$y$j75$saltsalt$0gBD67sgmJgRX3RZ6wHHO7sHimQEWGCWN85o4Twogh2"
#define OTHER_BCRYPT    "$2y$05$abcdefghijklmnopqrstuuhKF09ZYWwH2zP/0fwE1X8e/Q1YNx/hO"

#define HASH_NS         (NS_PER_SECOND / 10) /* what a hash takes by the test's clock */

static uint64_t now_ns;
static unsigned hashes;
static char last_hash[128]; /* compared with */

int __wrap_clock_gettime(clockid_t clock, struct timespec *time);
char *__wrap_crypt_rn(const char *phrase, const char *setting, void *data, int size);
char *__real_crypt_rn(const char *phrase, const char *setting, void *data, int size);

/* CPU time passes with the rest: hashing is all that this thread does. */
int __wrap_clock_gettime(clockid_t clock, struct timespec *time)
{
    (void)clock;
    *time = (struct timespec){.tv_sec = (time_t)(now_ns / NS_PER_SECOND),
                              .tv_nsec = (long)(now_ns % NS_PER_SECOND)};
    return 0;
}

char *__wrap_crypt_rn(const char *phrase, const char *setting, void *data, int size)
{
    hashes++;
    now_ns += HASH_NS;
    (void)snprintf(last_hash, sizeof(last_hash), "%s", setting);
    return __real_crypt_rn(phrase, setting, data, size);
}

static struct limits limits;

static struct users *users_of(const char *text)
{
    struct buffer out = {};
    struct report report = {.source = "f", .out = &out};
    struct users *users = users_parse(text, strlen(text), &report);

    assert_non_null(users);
    return users;
}

static int set_up(void **state)
{
    struct auth *auth;

    now_ns = 1000 * NS_PER_SECOND;
    hashes = 0;
    limits = (struct limits){};
    if (auth_new(users_of("b:" SECRET_BCRYPT "\ns:" SECRET_SHA512 "\ny:" SECRET_YESCRYPT "\n"), &limits,
                 &auth) < 0)
        return -1;
    *state = auth;
    return 0;
}

static int tear_down(void **state)
{
    auth_free(*state);
    return 0;
}

static void wake(void *data)
{
    *(bool *)data = true;
}

static const char *header_of(const char *credentials, char header[512])
{
    strcpy(header, "Basic ");
    base64_encode_raw(header + strlen(header), strlen(credentials), (const uint8_t *)credentials);
    header[strlen("Basic ") + BASE64_ENCODE_RAW_LENGTH(strlen(credentials))] = '\0';
    return header;
}

/* And time passes until the next one. False: nobody waits. */
static bool turn(struct auth *auth)
{
    uint64_t again_ns = auth_turn(auth);

    if (again_ns > now_ns && again_ns != UINT64_MAX)
        now_ns = again_ns;
    return again_ns != UINT64_MAX;
}

/* Waits for a hash where one is needed, as long as that takes. */
static enum auth_result ask_from(struct auth *auth, const char *credentials, const struct sockaddr *client)
{
    char text[512];
    const char *header = header_of(credentials, text);
    bool woken = false;
    const struct auth_waiter waiter = {.wake = wake, .data = &woken};
    enum auth_result result = auth_check(auth, header, client);
    struct auth_attempt *attempt;

    if (result != AUTH_HASH)
        return result;
    attempt = auth_attempt_new(auth, header, client, &waiter);
    assert_non_null(attempt);
    auth_submit(auth, attempt);
    while (!woken)
        (void)turn(auth);
    result = auth_attempt_result(attempt);
    auth_attempt_free(attempt);
    return result;
}

static enum auth_result ask(struct auth *auth, const char *credentials)
{
    const struct sockaddr_in client = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    return ask_from(auth, credentials, (const struct sockaddr *)&client);
}

/* So long that nobody waits any more. */
static void pass_time(void)
{
    now_ns += 1000 * NS_PER_SECOND;
}

static void test_methods(void **state)
{
    static const char *const names = "bsy";

    for (const char *name = names; *name; name++) {
        char right[] = "?:secret", wrong[] = "?:Secret", cut[] = "?:secre", empty[] = "?:";

        right[0] = wrong[0] = cut[0] = empty[0] = *name;
        assert_int_equal(ask(*state, right), AUTH_GRANTED);
        assert_int_equal(ask(*state, wrong), AUTH_REFUSED);
        pass_time();
        assert_int_equal(ask(*state, cut), AUTH_REFUSED);
        pass_time();
        assert_int_equal(ask(*state, empty), AUTH_REFUSED);
        pass_time();
    }
    assert_int_equal(hashes, 12);
}

static void test_nothing_to_hash(void **state)
{
    const struct sockaddr_in client = {.sin_family = AF_INET};

    assert_int_equal(auth_check(*state, NULL, (const struct sockaddr *)&client), AUTH_REFUSED);
    assert_int_equal(auth_check(*state, "Bearer x", (const struct sockaddr *)&client), AUTH_REFUSED);
    assert_int_equal(hashes, 0);
}

static void test_right_ones_are_remembered(void **state)
{
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(ask(*state, "b:secret"), AUTH_GRANTED);
    assert_int_equal(hashes, 1);
    /* And only they: neither another user's password nor the same bytes cut elsewhere. */
    assert_int_equal(ask(*state, "bs:ecret"), AUTH_REFUSED);
    pass_time();
    assert_int_equal(ask(*state, "s:secret"), AUTH_GRANTED);
    assert_int_equal(hashes, 3);
}

/* A scraper with an old password costs one hash, delays nobody, and is no limit that was hit. */
static void test_wrong_ones_are_remembered(void **state)
{
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(ask(*state, "b:old"), AUTH_REFUSED);
    assert_int_equal(hashes, 1);
    assert_int_equal(ask(*state, "b:secret"), AUTH_GRANTED); /* from the same address, at once */
    assert_int_equal(hashes, 2);
    assert_int_equal(limits.hits[LIMIT_PASSWORDS], 0);
    /* Others, however many, push out only what nobody asks for. */
    for (unsigned i = 0; i < 500; i++) {
        char guess[32];

        (void)snprintf(guess, sizeof(guess), "b:guess%u", i);
        pass_time();
        assert_int_equal(ask(*state, guess), AUTH_REFUSED);
        assert_int_equal(ask(*state, "b:old"), AUTH_REFUSED);
    }
    assert_int_equal(hashes, 502);
    /* After a reload it may be the right one. */
    auth_replace(*state, users_of("b:" SECRET_BCRYPT "\n"));
    pass_time();
    assert_int_equal(ask(*state, "b:old"), AUTH_REFUSED);
    assert_int_equal(hashes, 503);
}

static void test_long_passwords(void **state)
{
    char text[PASSWORD_MAX + 4] = "b:";

    memset(text + 2, 'x', PASSWORD_MAX);
    assert_int_equal(ask(*state, text), AUTH_REFUSED);
    assert_int_equal(hashes, 1);
    text[PASSWORD_MAX + 2] = 'x';
    assert_int_equal(ask(*state, text), AUTH_REFUSED);
    assert_int_equal(hashes, 1);
}

static void test_unknown_names_cost_what_known_ones_do(void **state)
{
    unsigned seen = 0;

    for (char name[] = "A:secret"; name[0] <= 'Z'; name[0]++) {
        char first[sizeof(last_hash)], again[] = "A:other";

        again[0] = name[0];
        assert_int_equal(ask(*state, name), AUTH_REFUSED);
        strcpy(first, last_hash);
        pass_time();
        assert_int_equal(ask(*state, again), AUTH_REFUSED);
        assert_string_equal(first, last_hash); /* each time the same */
        pass_time();
        seen |= last_hash[1] == '2' ? 1 : last_hash[1] == '6' ? 2 : 4;
    }
    assert_int_equal(hashes, 2 * 26);
    assert_int_equal(seen, 7); /* and no method tells that a name is unknown (fails once in 10,000 times) */
}

/* Guesses as fast as it may, each time another; returns how many were looked at. */
static unsigned guess(struct auth *auth, const struct sockaddr *client, uint64_t for_ns)
{
    uint64_t end_ns = now_ns + for_ns;
    unsigned before = hashes;
    static unsigned number;

    while (now_ns < end_ns) {
        char text[32];

        (void)snprintf(text, sizeof(text), "b:wrong%u", number++);
        if (ask_from(auth, text, client) == AUTH_LATER)
            now_ns += NS_PER_SECOND / 100;
    }
    return hashes - before;
}

static void test_wrong_ones_wait(void **state)
{
    const struct sockaddr_in client = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    uint64_t begin_ns;

    assert_int_equal(ask(*state, "b:secret"), AUTH_GRANTED);
    /* A few are free, at a pace. */
    begin_ns = now_ns;
    for (char text[] = "b:wrong0"; text[7] < '4'; text[7]++)
        assert_int_equal(ask(*state, text), AUTH_REFUSED);
    assert_true(now_ns - begin_ns >= 4 * HASH_NS + 3 * (NS_PER_SECOND / 10));
    assert_true(now_ns - begin_ns < 2 * NS_PER_SECOND);
    assert_in_range(guess(*state, (const struct sockaddr *)&client, 32 * 100 * HASH_NS), 90, 105);
    assert_true(limits.hits[LIMIT_PASSWORDS] > 1000);
    /* Who is remembered does not wait for that, and is not counted. */
    assert_int_equal(ask(*state, "b:secret"), AUTH_GRANTED);
    /* The right one of others does, from there. */
    assert_int_equal(ask(*state, "s:secret"), AUTH_LATER);
    pass_time();
    assert_int_equal(ask(*state, "s:secret"), AUTH_GRANTED);
}

/* Whatever addresses strangers have, they get no more than a quarter of a CPU, and others are looked at. */
static void test_many_addresses(void **state)
{
    struct sockaddr_in6 client = {.sin6_family = AF_INET6};
    uint64_t begin_ns = now_ns;

    while (now_ns < begin_ns + 100 * NS_PER_SECOND) {
        client.sin6_addr.s6_addr32[0]++;
        (void)guess(*state, (const struct sockaddr *)&client, 1);
    }
    assert_in_range(hashes * HASH_NS, 20 * NS_PER_SECOND, 30 * NS_PER_SECOND);
    begin_ns = now_ns;
    assert_int_equal(ask(*state, "s:secret"), AUTH_GRANTED);
    assert_true(now_ns - begin_ns < NS_PER_SECOND);
}

static void test_one_network_is_one_address(void **state)
{
    struct sockaddr_in6 client = {.sin6_family = AF_INET6, .sin6_addr.s6_addr32 = {htonl(0x20010db8)}};
    unsigned looked_at = 0;

    for (unsigned i = 0; i < 100; i++) {
        char text[] = "b:wrong??";

        text[7] = (char)('0' + i / 10);
        text[8] = (char)('0' + i % 10);
        client.sin6_addr.s6_addr32[3] = i;
        looked_at += ask_from(*state, text, (const struct sockaddr *)&client) == AUTH_REFUSED;
    }
    assert_in_range(looked_at, 4, 6);
}

struct waiting {
    struct auth_attempt *attempt;
    bool woken;
};

static void submit(struct auth *auth, const char *credentials, uint32_t address, struct waiting *waiting)
{
    const struct sockaddr_in client = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
    const struct auth_waiter waiter = {.wake = wake, .data = &waiting->woken};
    char text[512];

    waiting->woken = false;
    waiting->attempt =
        auth_attempt_new(auth, header_of(credentials, text), (const struct sockaddr *)&client, &waiter);
    assert_non_null(waiting->attempt);
    auth_submit(auth, waiting->attempt);
}

static enum auth_result finish(struct waiting *waiting)
{
    enum auth_result result = auth_attempt_result(waiting->attempt);

    assert_true(waiting->woken);
    auth_attempt_free(waiting->attempt);
    return result;
}

/* Of those who wait: first who was let in, then who never failed, then the neighbours of who did. */
static void test_the_order(void **state)
{
    static const uint32_t addresses[] = {0xc0000201, 0xc0000202, 0xc6336401, 0xcb007101};
    struct waiting waiting[ELEMENTS(addresses)];
    char text[] = "b:guess0";

    submit(*state, "b:wrong", addresses[0], &waiting[0]);
    (void)auth_turn(*state);
    assert_int_equal(finish(&waiting[0]), AUTH_REFUSED);
    submit(*state, "s:secret", addresses[3], &waiting[3]);
    (void)auth_turn(*state);
    assert_int_equal(finish(&waiting[3]), AUTH_GRANTED);
    now_ns += NS_PER_SECOND;
    for (size_t i = 0; i < ELEMENTS(addresses); i++, text[7]++)
        submit(*state, text, addresses[i], &waiting[i]);
    for (size_t i = ELEMENTS(addresses); i-- > 0;) {
        assert_false(waiting[i].woken);
        while (!waiting[i].woken)
            assert_true(turn(*state));
        assert_int_equal(finish(&waiting[i]), AUTH_REFUSED);
    }
}

/* A scraper's many connections begin with the same password. */
static void test_the_same_at_once(void **state)
{
    struct waiting waiting[8];

    for (size_t i = 0; i < ELEMENTS(waiting); i++)
        submit(*state, i % 2 ? "b:wrong" : "b:secret", 0xc0000201, &waiting[i]);
    while (turn(*state))
        continue;
    for (size_t i = 0; i < ELEMENTS(waiting); i++)
        assert_int_equal(finish(&waiting[i]), i % 2 ? AUTH_REFUSED : AUTH_GRANTED);
    assert_int_equal(hashes, 2);
}

static void test_too_many_wait(void **state)
{
    static struct waiting waiting[AUTH_WAITING_MAX + 1];
    uint64_t begin_ns;
    char text[32];

    for (unsigned i = 0; i < ELEMENTS(waiting); i++) {
        (void)snprintf(text, sizeof(text), "b:wrong%u", i);
        submit(*state, text, i << 8, &waiting[i]);
        assert_true(waiting[i].woken == (i == AUTH_WAITING_MAX));
    }
    assert_int_equal(finish(&waiting[AUTH_WAITING_MAX]), AUTH_LATER);
    /* Nobody waits longer than that for others'. */
    begin_ns = now_ns;
    while (turn(*state))
        assert_true(now_ns <= begin_ns + AUTH_QUEUE_MAX_NS + 2 * HASH_NS);
    for (unsigned i = 0; i < AUTH_WAITING_MAX; i++)
        (void)finish(&waiting[i]);
    assert_true(hashes <= AUTH_QUEUE_MAX_NS / HASH_NS + 1);
}

/* Whoever waits is told; nobody waits any more. */
static void test_the_end(void **state)
{
    struct waiting waiting[2];

    submit(*state, "b:secret", 1, &waiting[0]);
    auth_stop(*state);
    submit(*state, "b:secret", 1, &waiting[1]);
    assert_int_equal(finish(&waiting[0]), AUTH_LATER);
    assert_int_equal(finish(&waiting[1]), AUTH_LATER);
    assert_int_equal(hashes, 0);
}

static void test_other_users(void **state)
{
    assert_int_equal(ask(*state, "b:secret"), AUTH_GRANTED);
    assert_int_equal(ask(*state, "s:secret"), AUTH_GRANTED);
    auth_replace(*state, users_of("n:" SECRET_BCRYPT "\ns:" SECRET_SHA512 "\nb:" OTHER_BCRYPT "\n"));
    hashes = 0;
    assert_int_equal(ask(*state, "s:secret"), AUTH_GRANTED); /* is another line now, and still remembered */
    assert_int_equal(hashes, 0);
    assert_int_equal(ask(*state, "b:secret"), AUTH_REFUSED);
    pass_time();
    assert_int_equal(ask(*state, "y:secret"), AUTH_REFUSED);
    pass_time();
    assert_int_equal(ask(*state, "b:x"), AUTH_GRANTED);
    assert_int_equal(ask(*state, "n:secret"), AUTH_GRANTED);
    assert_int_equal(hashes, 4);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_methods),
        TEST(test_nothing_to_hash),
        TEST(test_right_ones_are_remembered),
        TEST(test_wrong_ones_are_remembered),
        TEST(test_long_passwords),
        TEST(test_unknown_names_cost_what_known_ones_do),
        TEST(test_wrong_ones_wait),
        TEST(test_many_addresses),
        TEST(test_one_network_is_one_address),
        TEST(test_the_order),
        TEST(test_the_same_at_once),
        TEST(test_too_many_wait),
        TEST(test_the_end),
        TEST(test_other_users),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
