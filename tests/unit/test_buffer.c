/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The buffer: growth, the sticky error, the number printer. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "tests/unit/unit.h"

static void test_append_grows(void **state)
{
    _cleanup_(buffer_done) struct buffer buffer = {};

    (void)state;
    for (int i = 0; i < 10000; i++)
        buffer_text(&buffer, "abc");
    assert_int_equal(buffer.error, 0);
    assert_int_equal(buffer.size, 30000);
    assert_memory_equal(buffer.data + 29997, "abc", 3);
}

static void test_clear_keeps_the_memory(void **state)
{
    _cleanup_(buffer_done) struct buffer buffer = {};
    char *data;

    (void)state;
    buffer_printf(&buffer, "%d %s", 7, "seven");
    assert_int_equal(buffer.size, 7);
    data = buffer.data;
    buffer_clear(&buffer);
    assert_int_equal(buffer.size, 0);
    buffer_text(&buffer, "x");
    assert_ptr_equal(buffer.data, data);
}

static void test_error_is_sticky(void **state)
{
    _cleanup_(buffer_done) struct buffer buffer = {};

    (void)state;
    buffer_text(&buffer, "before");
    assert_null(buffer_reserve(&buffer, SIZE_MAX - 1));
    assert_int_equal(buffer.error, -ENOMEM);
    buffer_text(&buffer, "after");
    buffer_uint64(&buffer, 1);
    buffer_printf(&buffer, "%d", 1);
    assert_int_equal(buffer.size, 6);
    buffer_clear(&buffer);
    buffer_text(&buffer, "again");
    assert_int_equal(buffer.error, 0);
    assert_int_equal(buffer.size, 5);
}

static void test_uint64_is_exact(void **state)
{
    char expected[32];

    (void)state;
    for (uint64_t power = 1, i = 0; i < 20; i++, power *= 10) {
        const uint64_t values[] = {power - 1,        power, power + 1, power * 9, UINT64_MAX - power,
                                   ~UINT64_C(0) >> i};

        for (size_t j = 0; j < ELEMENTS(values); j++) {
            _cleanup_(buffer_done) struct buffer buffer = {};

            (void)snprintf(expected, sizeof(expected), "%" PRIu64, values[j]);
            buffer_uint64(&buffer, values[j]);
            assert_int_equal(buffer.size, strlen(expected));
            assert_memory_equal(buffer.data, expected, buffer.size);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_append_grows),
        cmocka_unit_test(test_clear_keeps_the_memory),
        cmocka_unit_test(test_error_is_sticky),
        cmocka_unit_test(test_uint64_is_exact),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
