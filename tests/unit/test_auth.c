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

static enum auth_result ask_from(struct auth *auth, const char *credentials, const struct sockaddr *client)
{
    char header[256] = "Basic ";

    base64_encode_raw(header + strlen(header), strlen(credentials), (const uint8_t *)credentials);
    header[strlen("Basic ") + BASE64_ENCODE_RAW_LENGTH(strlen(credentials))] = '\0';
    return auth_check(auth, header, client);
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

static void test_unknown_names_cost_what_known_ones_do(void **state)
{
    unsigned seen = 0;

    for (char name[] = "A:secret"; name[0] <= 'Z'; name[0]++) {
        char first[sizeof(last_hash)];

        assert_int_equal(ask(*state, name), AUTH_REFUSED);
        strcpy(first, last_hash);
        pass_time();
        assert_int_equal(ask(*state, name), AUTH_REFUSED);
        assert_string_equal(first, last_hash); /* each time the same */
        pass_time();
        seen |= last_hash[1] == '2' ? 1 : last_hash[1] == '6' ? 2 : 4;
    }
    assert_int_equal(hashes, 2 * 26);
    assert_int_equal(seen, 7); /* and no method tells that a name is unknown (fails once in 10,000 times) */
}

static void test_wrong_ones_wait(void **state)
{
    uint64_t begin_ns;

    assert_int_equal(ask(*state, "b:secret"), AUTH_GRANTED);
    assert_int_equal(ask(*state, "b:wrong"), AUTH_REFUSED);
    begin_ns = now_ns;
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(ask(*state, "b:wrong"), AUTH_LATER);
    assert_int_equal(ask(*state, "s:secret"), AUTH_LATER); /* the right one neither, from there */
    assert_int_equal(ask(*state, "b:secret"), AUTH_GRANTED);
    assert_int_equal(hashes, 2);
    assert_int_equal(limits.hits[LIMIT_PASSWORDS], 101);
    now_ns = begin_ns + 32 * HASH_NS - 1;
    assert_int_equal(ask(*state, "s:secret"), AUTH_LATER);
    now_ns++;
    assert_int_equal(ask(*state, "s:secret"), AUTH_GRANTED);
}

/* Whatever addresses strangers have, they get no more than a quarter of a CPU. */
static void test_many_addresses(void **state)
{
    struct sockaddr_in6 client = {.sin6_family = AF_INET6};
    uint64_t begin_ns = now_ns;

    while (now_ns < begin_ns + 100 * NS_PER_SECOND) {
        client.sin6_addr.s6_addr32[0]++;
        if (ask_from(*state, "b:wrong", (const struct sockaddr *)&client) == AUTH_LATER)
            now_ns += NS_PER_SECOND / 1000;
    }
    assert_in_range(hashes * HASH_NS, 20 * NS_PER_SECOND, 26 * NS_PER_SECOND);
}

static void test_one_network_is_one_address(void **state)
{
    struct sockaddr_in6 client = {.sin6_family = AF_INET6, .sin6_addr.s6_addr32 = {htonl(0x20010db8)}};
    struct sockaddr_in6 mapped = {.sin6_family = AF_INET6,
                                  .sin6_addr.s6_addr32 = {0, 0, htonl(0xffff), htonl(INADDR_LOOPBACK)}};

    for (unsigned i = 0; i < 100; i++) {
        client.sin6_addr.s6_addr32[3] = i;
        assert_int_equal(ask_from(*state, "b:wrong", (const struct sockaddr *)&client),
                         i ? AUTH_LATER : AUTH_REFUSED);
    }
    pass_time();
    assert_int_equal(ask(*state, "b:wrong"), AUTH_REFUSED);
    assert_int_equal(ask_from(*state, "b:wrong", (const struct sockaddr *)&mapped), AUTH_LATER);
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
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_methods, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nothing_to_hash, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_right_ones_are_remembered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_unknown_names_cost_what_known_ones_do, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_wrong_ones_wait, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many_addresses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_one_network_is_one_address, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_other_users, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
