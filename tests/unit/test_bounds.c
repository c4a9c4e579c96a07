/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Conversions at their bounds, and beyond. */

#include <math.h>

#include "base/bounds.h"
#include "base/cleanup.h"
#include "tests/unit/unit.h"

static const struct {
    double value;
    uint64_t whole;
} doubles[] = {
    {0, 0},
    {-0.0, 0},
    {0.49999999999999994, 0}, /* + 0.5 is 1 in a double */
    {0.5, 1},
    {1.4, 1},
    {-1, 0},
    {-1e300, 0},
    {-INFINITY, 0},
    {NAN, 0},
    {9007199254740992.0, 9007199254740992},
    {0x1p63, UINT64_C(1) << 63},
    {0x1p64 - 0x1p12, UINT64_MAX - 4095},
    {0x1p64 - 0x1p11, UINT64_MAX}, /* the greatest double below */
    {0x1p64, UINT64_MAX},
    {1e20, UINT64_MAX},
    {INFINITY, UINT64_MAX},
};

static void test_doubles(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(doubles); i++)
        if (uint64_from_double(doubles[i].value) != doubles[i].whole)
            fail_msg("%a: %llu", doubles[i].value, (unsigned long long)uint64_from_double(doubles[i].value));
}

static void test_products(void **state)
{
    (void)state;
    assert_int_equal(uint64_product(0, UINT64_MAX), 0);
    assert_int_equal(uint64_product(1, UINT64_MAX), UINT64_MAX);
    assert_int_equal(uint64_product(2, UINT64_MAX / 2), UINT64_MAX - 1);
    assert_int_equal(uint64_product(2, UINT64_MAX / 2 + 1), UINT64_MAX);
    assert_int_equal(uint64_product(UINT64_MAX, UINT64_MAX), UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_doubles),
        cmocka_unit_test(test_products),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
