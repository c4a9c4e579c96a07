/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is new among the drops of sockets that live, die, are missed and come back. */

#include "collectors/sockets/socket_drops.h"

#include <errno.h>

#include "base/cleanup.h"
#include "tests/unit/unit.h"

static uint32_t take_as(struct socket_drops *drops, enum socket_role role, uint64_t cookie, uint32_t count)
{
    uint32_t fresh = UINT32_MAX;

    assert_int_equal(socket_drops_take(drops, cookie, count, role, &fresh), 0);
    return fresh;
}

static uint32_t take(struct socket_drops *drops, uint64_t cookie, uint32_t count)
{
    return take_as(drops, SOCKET_SERVICE, cookie, count);
}

static void test_life_of_a_socket(void **state)
{
    static const struct {
        uint32_t count, fresh;
    } looks[] = {
        {0, 0},
        {5, 5},
        {5, 0},
        {7, 2},
        {UINT32_MAX / 2, UINT32_MAX / 2 - 7},
        {UINT32_MAX - 1, UINT32_MAX - 1 - UINT32_MAX / 2},
        {3, 5}, /* around 2^32 */
        {2, 0}, /* back, which is none */
        {4, 2},
    };
    struct socket_drops drops = {};

    (void)state;
    for (size_t i = 0; i < ELEMENTS(looks); i++) {
        socket_drops_begin(&drops, SOCKETS_SERVICES);
        assert_int_equal(take(&drops, 1, looks[i].count), looks[i].fresh);
        /* The dump tells of it twice. */
        assert_int_equal(take(&drops, 1, looks[i].count), 0);
    }
    assert_int_equal(drops.count, 1);
    socket_drops_done(&drops);
}

static void test_missed_for_some_rounds(void **state)
{
    struct socket_drops drops = {};

    (void)state;
    socket_drops_begin(&drops, SOCKETS_SERVICES);
    assert_int_equal(take(&drops, 1, 10), 10);
    for (uint64_t round = 0; round < 7; round++) {
        socket_drops_begin(&drops, SOCKETS_SERVICES);
        for (uint64_t other = 0; other < 1000; other++)
            assert_int_equal(take(&drops, 1000 * round + other + 2, 1), 1);
    }
    socket_drops_begin(&drops, SOCKETS_SERVICES);
    assert_int_equal(take(&drops, 1, 11), 1);
    socket_drops_done(&drops);
}

static void test_sockets_without_drops_take_no_room(void **state)
{
    struct socket_drops drops = {};

    (void)state;
    socket_drops_begin(&drops, SOCKETS_SERVICES);
    for (uint64_t cookie = 1; cookie <= 1000000; cookie++)
        assert_int_equal(take(&drops, cookie, 0), 0);
    assert_int_equal(drops.capacity, 0);
    socket_drops_done(&drops);
}

/* Sockets that drop and die, for long: what is remembered stays small. */
static void test_storm_takes_bounded_room(void **state)
{
    struct socket_drops drops = {};
    uint64_t cookie = 1, total = 0;

    (void)state;
    for (unsigned round = 0; round < 1000; round++) {
        socket_drops_begin(&drops, SOCKETS_SERVICES);
        total += take(&drops, 1, round + 1); /* one that lives on */
        for (unsigned i = 0; i < 500; i++)
            total += take(&drops, ++cookie, 3);
    }
    assert_int_equal(total, 1000 + 1000 * 500 * 3);
    assert_true(drops.capacity <= 32 * 1024);
    socket_drops_done(&drops);
}

static void test_more_than_can_be_remembered(void **state)
{
    struct socket_drops drops = {};
    uint32_t fresh = 77;
    uint64_t cookie = 0;

    (void)state;
    socket_drops_begin(&drops, SOCKETS_SERVICES);
    while (socket_drops_take(&drops, ++cookie, 1, SOCKET_SERVICE, &fresh) == 0)
        assert_true(cookie < 1000000);
    assert_int_equal(socket_drops_take(&drops, cookie, 1, SOCKET_SERVICE, &fresh), -ENOSPC);
    assert_true(cookie > 200000);
    assert_int_equal(take(&drops, 5, 4), 3); /* those that are remembered go on */
    /* Once the others are long gone there is room, and nothing was lost. */
    for (unsigned round = 0; round < 10; round++)
        socket_drops_begin(&drops, SOCKETS_SERVICES);
    assert_int_equal(take(&drops, cookie, 6), 6);
    assert_int_equal(drops.count, 1);
    socket_drops_done(&drops);
}

/* Those that are looked at only now and then are remembered from one look to the next and longer. */
static void test_looked_at_now_and_then(void **state)
{
    struct socket_drops drops = {};
    uint64_t cookie = UINT32_MAX;

    (void)state;
    socket_drops_begin(&drops, SOCKETS_REST);
    assert_int_equal(take_as(&drops, SOCKET_CLIENT, 1, 494), 0);
    assert_int_equal(take_as(&drops, SOCKET_CLIENT, UINT64_MAX, 1), 0);
    /* A look missed it, and services were looked at any number of times. */
    socket_drops_begin(&drops, SOCKETS_REST);
    for (uint64_t round = 0; round < 100; round++) {
        socket_drops_begin(&drops, SOCKETS_SERVICES);
        for (uint64_t other = 0; other < 600; other++) /* makes it forget what it may */
            assert_int_equal(take(&drops, 1000 * round + other + 2, 1), 1);
    }
    /* It is a service now; which of the six it dropped as one is not known, and what comes from now on
     * counts. */
    assert_int_equal(take(&drops, 1, 500), 0);
    assert_int_equal(take(&drops, 1, 507), 7);
    /* Nobody knows the other one any more, once enough looks have missed it. */
    for (unsigned look = 0; look < 2; look++)
        socket_drops_begin(&drops, SOCKETS_REST);
    while (drops.index.slot_count && drops.items[0].cookie == 1 && drops.items[1].cookie == UINT64_MAX) {
        socket_drops_begin(&drops, SOCKETS_SERVICES);
        assert_int_equal(take(&drops, 1, 507), 0);
        for (uint64_t other = 0; other < 600; other++)
            (void)take(&drops, ++cookie, 1);
        assert_true(cookie < UINT32_MAX + UINT64_C(1000000));
    }
    socket_drops_done(&drops);
}

/* At the first look of all that was dropped is of before; at that of a next instance it is of those that are
 * not known, while those that are go on, each in its role. */
static void test_first_looks(void **state)
{
    struct socket_drops drops = {.opening = true};

    (void)state;
    socket_drops_begin(&drops, SOCKETS_SERVICES);
    assert_int_equal(take(&drops, 1, 100), 0);
    assert_int_equal(take_as(&drops, SOCKET_CLIENT, 2, 200), 0);
    drops.opening = false;
    assert_int_equal(take(&drops, 1, 110), 10);
    drops.opening = true;
    socket_drops_begin(&drops, SOCKETS_SERVICES);
    assert_int_equal(take(&drops, 1, 115), 5);
    assert_int_equal(take(&drops, 2, 201), 0);
    assert_int_equal(take(&drops, 3, 300), 0);
    drops.opening = false;
    assert_int_equal(take(&drops, 1, 116), 1);
    assert_int_equal(take(&drops, 2, 203), 2);
    assert_int_equal(take(&drops, 3, 303), 3);
    assert_int_equal(take(&drops, 4, 400), 400);
    socket_drops_done(&drops);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_life_of_a_socket),
        cmocka_unit_test(test_missed_for_some_rounds),
        cmocka_unit_test(test_looked_at_now_and_then),
        cmocka_unit_test(test_first_looks),
        cmocka_unit_test(test_sockets_without_drops_take_no_room),
        cmocka_unit_test(test_storm_takes_bounded_room),
        cmocka_unit_test(test_more_than_can_be_remembered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
