/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What --self-test says of its own drops, by how many were seen. */

#include "base/cleanup.h"
#include "daemon/own_drop.h"
#include "tests/unit/unit.h"

static void test_one_that_is_missing_is_no_failure(void **state)
{
    static const struct {
        uint64_t seen, lost;
        enum own_drop_verdict verdict;
    } cases[] = {
        {OWN_DROP_COUNT, 0, OWN_DROP_SEEN},
        {OWN_DROP_COUNT, 9, OWN_DROP_SEEN},
        {OWN_DROP_COUNT - 1, 0, OWN_DROP_SEEN},
        {OWN_DROP_COUNT - 2, 0, OWN_DROP_SEEN_IN_PART},
        {OWN_DROP_COUNT - 2, 1, OWN_DROP_SEEN},
        {OWN_DROP_COUNT - 9, 8, OWN_DROP_SEEN},
        {OWN_DROP_COUNT - 9, 7, OWN_DROP_SEEN_IN_PART},
        {1, 0, OWN_DROP_SEEN_IN_PART},
        {1, UINT64_MAX - 1, OWN_DROP_SEEN},
        {0, 0, OWN_DROP_NOT_SEEN},
        {0, OWN_DROP_COUNT, OWN_DROP_NOT_SEEN},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++)
        assert_int_equal(own_drop_judge(cases[i].seen, cases[i].lost), cases[i].verdict);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_that_is_missing_is_no_failure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
