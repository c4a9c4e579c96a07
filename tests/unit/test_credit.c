/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What strangers may cost: by address and for all of them, and whom that keeps out. The clock is the test's.
 */

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/cleanup.h"
#include "daemon/http/credit.h"
#include "tests/unit/unit.h"

#define MS UINT64_C(1000000)

static const struct credit_terms terms = {
    .free_ns = 100 * MS, .free_pieces = 4, .pause_min_ns = 20 * MS, .limit = LIMIT_HANDSHAKES};

static struct limits limits;

static int set_up(void **state)
{
    static struct credit credit;

    credit_init(&credit, &terms, &limits);
    *state = &credit;
    return 0;
}

static int tear_down(void **state)
{
    credit_done(*state);
    return 0;
}

static struct credit_client client(const char *text)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        return credit_client((const struct sockaddr *)&v4);
    assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
    return credit_client((const struct sockaddr *)&v6);
}

/* How long this one would have to wait. */
static uint64_t wait(struct credit *credit, const char *text, uint64_t now_ns)
{
    struct credit_client who = client(text);
    enum credit_standing standing;
    uint64_t when_ns = credit_when(credit, &who, now_ns, &standing);

    return when_ns > now_ns ? when_ns - now_ns : 0;
}

static enum credit_standing standing(struct credit *credit, const char *text, uint64_t now_ns)
{
    struct credit_client who = client(text);
    enum credit_standing result;

    (void)credit_when(credit, &who, now_ns, &result);
    return result;
}

static void charge(struct credit *credit, const char *text, uint64_t cost_ns, uint64_t now_ns)
{
    struct credit_client who = client(text);

    credit_charge(credit, &who, cost_ns, now_ns);
}

static void settle(struct credit *credit, const char *text, uint64_t cost_ns, bool let_in, uint64_t now_ns)
{
    struct credit_client who = client(text);

    credit_settle(credit, &who, cost_ns, let_in, now_ns);
}

static void refuse(struct credit *credit, const char *text, uint64_t cost_ns, uint64_t now_ns)
{
    charge(credit, text, cost_ns, now_ns);
    settle(credit, text, cost_ns, false, now_ns);
}

/* Tries as often as it may for so long; the CPU time that took. */
static uint64_t besiege(struct credit *credit, const char *const *texts, size_t count, uint64_t cost_ns,
                        uint64_t *now_ns, uint64_t for_ns)
{
    uint64_t end_ns = *now_ns + for_ns, spent_ns = 0;

    for (size_t i = 0; *now_ns < end_ns; i++) {
        const char *text = texts[i % count];

        if (wait(credit, text, *now_ns) > 0) {
            *now_ns += MS / 10;
            continue;
        }
        spent_ns += cost_ns;
        *now_ns += cost_ns;
        refuse(credit, text, cost_ns, *now_ns);
    }
    return spent_ns;
}

static void test_who_is_one_client(void **state)
{
    static const char *const equal[][2] = {
        {"192.0.2.1", "::ffff:192.0.2.1"},
        {"2001:db8::1", "2001:db8::ffff:1:2:3"},
    };
    static const char *const near[][2] = {
        {"192.0.2.1", "192.0.2.200"},
        {"192.0.2.1", "::ffff:192.0.2.2"},
        {"2001:db8:1::1", "2001:db8:1:ff::1"},
    };
    static const char *const far[][2] = {
        {"192.0.2.1", "192.0.3.1"},
        {"2001:db8:1::1", "2001:db8:2::1"},
        {"::1", "0.0.0.1"},
        {"::1", "1::"},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(equal); i++)
        assert_true(client(equal[i][0]).address == client(equal[i][1]).address);
    for (size_t i = 0; i < ELEMENTS(near); i++) {
        assert_true(client(near[i][0]).address != client(near[i][1]).address);
        assert_true(client(near[i][0]).network == client(near[i][1]).network);
    }
    for (size_t i = 0; i < ELEMENTS(far); i++) {
        assert_true(client(far[i][0]).address != client(far[i][1]).address);
        assert_true(client(far[i][0]).network != client(far[i][1]).network);
    }
}

static void test_an_address_pays_by_waiting(void **state)
{
    static const char *const one[] = {"192.0.2.1"};
    uint64_t now_ns = 1000 * NS_PER_SECOND, spent_ns;

    assert_int_equal(wait(*state, one[0], now_ns), 0);
    /* Some of it is free; then a part in 32. */
    spent_ns = besiege(*state, one, 1, MS, &now_ns, 100 * NS_PER_SECOND);
    assert_in_range(spent_ns, 3000 * MS, 3300 * MS);
    assert_in_range(wait(*state, one[0], now_ns), 1, CREDIT_PAUSE * MS);
    assert_int_equal(wait(*state, one[0], now_ns + CREDIT_PAUSE * MS), 0);
    /* Dear pieces: as many as may be. */
    now_ns += 100 * NS_PER_SECOND;
    for (unsigned i = 0; i <= terms.free_pieces; i++) {
        assert_int_equal(wait(*state, one[0], now_ns), 0);
        refuse(*state, one[0], 200 * MS, now_ns);
        now_ns += NS_PER_SECOND;
    }
    assert_in_range(wait(*state, one[0], now_ns), NS_PER_SECOND, CREDIT_PAUSE * 200 * MS);
}

static void test_the_least_pause(void **state)
{
    refuse(*state, "192.0.2.1", 1, NS_PER_SECOND);
    assert_int_equal(wait(*state, "192.0.2.1", NS_PER_SECOND), 20 * MS);
    assert_int_equal(wait(*state, "192.0.2.2", NS_PER_SECOND), 0);
    assert_int_equal(wait(*state, "192.0.2.1", NS_PER_SECOND + 20 * MS), 0);
    credit_hit(*state);
    assert_int_equal(limits.hits[LIMIT_HANDSHAKES], 1);
}

/* However many there are, they get a quarter of a CPU, and who never failed goes first. */
static void test_all_of_them_together(void **state)
{
    static char texts[400][16];
    const char *many[ELEMENTS(texts)];
    uint64_t now_ns = 1000 * NS_PER_SECOND, spent_ns;

    for (size_t i = 0; i < ELEMENTS(texts); i++) {
        (void)snprintf(texts[i], sizeof(texts[i]), "192.0.%zu.%zu", i / 100, i % 100);
        many[i] = texts[i];
    }
    spent_ns = besiege(*state, many, ELEMENTS(many), 10 * MS, &now_ns, 100 * NS_PER_SECOND);
    assert_in_range(spent_ns, 20 * NS_PER_SECOND, 26 * NS_PER_SECOND);
    for (unsigned i = 0; i < 1000; i++) {
        assert_int_equal(wait(*state, "198.51.100.1", now_ns), 0);
        (void)besiege(*state, many, ELEMENTS(many), 10 * MS, &now_ns, 10 * MS);
    }
}

/* Who never failed before, nor a neighbour of theirs, may have more; but not all. */
static void test_standing(void **state)
{
    uint64_t now_ns = 1000 * NS_PER_SECOND;
    char text[32];

    refuse(*state, "192.0.2.1", 100 * MS, now_ns);
    charge(*state, "203.0.113.1", MS, now_ns);
    settle(*state, "203.0.113.1", MS, true, now_ns);
    now_ns += 10 * NS_PER_SECOND;
    assert_int_equal(standing(*state, "203.0.113.1", now_ns), CREDIT_KNOWN);
    assert_int_equal(standing(*state, "198.51.100.1", now_ns), CREDIT_STRANGER);
    assert_int_equal(standing(*state, "192.0.2.2", now_ns), CREDIT_NEIGHBOUR);
    assert_int_equal(standing(*state, "192.0.2.1", now_ns), CREDIT_FAILED);
    /* So many at once, of as many networks: after each share of what all may owe one more has to wait. */
    for (unsigned i = 0, last = CREDIT_FAILED + 1; last > CREDIT_KNOWN; i++) {
        static const char *const who[] = {"203.0.113.1", "198.51.100.1", "192.0.2.2", "192.0.2.1"};
        unsigned waiting = 0;

        for (size_t k = 0; k < ELEMENTS(who); k++)
            waiting += wait(*state, who[k], now_ns) > 0;
        assert_true(waiting >= 4 - last);
        last = 4 - waiting;
        assert_true(waiting == 0 || wait(*state, who[3], now_ns) > 0);
        (void)snprintf(text, sizeof(text), "2001:db8:%x::1", i);
        charge(*state, text, 10 * MS, now_ns);
        assert_true(i < 200);
    }
    now_ns += CREDIT_MEMORY_NS;
    assert_int_equal(standing(*state, "192.0.2.1", now_ns), CREDIT_STRANGER);
    assert_int_equal(standing(*state, "203.0.113.1", now_ns), CREDIT_STRANGER);
}

/* Whoever is let in has most of it back: at the rate of all together, one address goes on for ever. */
static void test_let_in(void **state)
{
    uint64_t now_ns = 1000 * NS_PER_SECOND;

    for (unsigned i = 0; i < 10000; i++) {
        assert_int_equal(wait(*state, "192.0.2.1", now_ns), 0);
        charge(*state, "192.0.2.1", 10 * MS, now_ns);
        now_ns += MS;
        settle(*state, "192.0.2.1", 10 * MS, true, now_ns);
        now_ns += CREDIT_SHARE * 10 * MS;
    }
    assert_int_equal(wait(*state, "192.0.2.9", now_ns), 0);
}

/* More addresses than there is room for: those that wait longest are remembered. */
static void test_many_addresses(void **state)
{
    uint64_t now_ns = 1000 * NS_PER_SECOND;
    char text[32];

    for (unsigned i = 0; i < 5; i++)
        refuse(*state, "192.0.2.1", NS_PER_SECOND, now_ns);
    for (unsigned i = 0; i < 3 * CREDIT_ADDRESSES; i++) {
        (void)snprintf(text, sizeof(text), "2001:db8:0:%x::1", i);
        refuse(*state, text, 1, now_ns);
        now_ns += MS;
    }
    now_ns += 20 * NS_PER_SECOND; /* all are square, but for the one */
    assert_true(wait(*state, "192.0.2.1", now_ns) > 0);
    assert_int_equal(standing(*state, "2001:db8:0:0::1", now_ns), CREDIT_NEIGHBOUR);
    assert_int_equal(standing(*state, text, now_ns), CREDIT_FAILED);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_who_is_one_client), TEST(test_an_address_pays_by_waiting),
        TEST(test_the_least_pause),   TEST(test_all_of_them_together),
        TEST(test_standing),          TEST(test_let_in),
        TEST(test_many_addresses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
