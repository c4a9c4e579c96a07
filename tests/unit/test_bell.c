/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bell: heard once however often it was rung, and nobody has to listen. */

#include <poll.h>

#include "base/bell.h"
#include "tests/unit/unit.h"

static bool readable(const struct bell *bell)
{
    struct pollfd events = {.fd = bell->fd, .events = POLLIN};

    return poll(&events, 1, 0) == 1;
}

static void test_rings_are_one_until_heard(void **state)
{
    struct bell bell;

    (void)state;
    assert_int_equal(bell_init(&bell), 0);
    assert_false(readable(&bell));
    assert_false(bell_heard(&bell));
    for (int i = 0; i < 3; i++)
        bell_ring(&bell);
    assert_true(readable(&bell));
    assert_true(bell_heard(&bell));
    assert_false(bell_heard(&bell));
    assert_false(readable(&bell));
    bell_done(&bell);
    bell_done(&bell); /* there is none any more */
}

static void test_nobody_listens(void **state)
{
    (void)state;
    bell_ring(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rings_are_one_until_heard),
        cmocka_unit_test(test_nobody_listens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
