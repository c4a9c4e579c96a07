/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/host_network.h"

/* Which network namespace is the host's, by what kernels from 5.10 to 6.18 say of theirs. */

#include "base/cleanup.h"
#include "tests/unit/unit.h"

static void test_judge(void **state)
{
    static const struct {
        const char *where;
        struct host_network_signs signs;
        enum host_network expected;
    } cases[] = {
        {"6.18, host", {3, 4026531833, true, true}, HOST_NETWORK_YES},
        {"6.18, host, no /proc/sys", {3, 4026531833, false, false}, HOST_NETWORK_YES},
        {"6.18, container", {19486, 4026532913, true, false}, HOST_NETWORK_NO},
        {"6.18, container, no /proc/sys", {19486, 4026532913, false, false}, HOST_NETWORK_NO},
        {"6.1, host", {1, 4026531840, true, true}, HOST_NETWORK_YES},
        {"6.1, host, no /proc", {1, 0, false, false}, HOST_NETWORK_YES},
        {"6.1, container, no /proc/sys", {4097, 4026532290, false, false}, HOST_NETWORK_NO},
        {"5.10, host", {0, 4026531992, true, true}, HOST_NETWORK_YES},
        {"5.10, container", {0, 4026532290, true, false}, HOST_NETWORK_NO},
        {"5.10, no /proc/sys", {0, 4026531992, false, false}, HOST_NETWORK_UNKNOWN},
        {"no /proc", {4097, 0, false, false}, HOST_NETWORK_UNKNOWN}, /* 6.18's host may have any cookie */
        {"nothing", {0, 0, false, false}, HOST_NETWORK_UNKNOWN},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++)
        if (host_network_judge(&cases[i].signs) != cases[i].expected)
            fail_msg("%s", cases[i].where);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_judge)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
