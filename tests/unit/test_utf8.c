/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UTF-8: every boundary of Unicode's table 3-7, and that what is valid comes out whole. */

#include <string.h>

#include "base/cleanup.h"
#include "base/utf8.h"
#include "tests/unit/unit.h"

struct sequence {
    const char *bytes;
    size_t length; /* 0: not valid */
};

static const struct sequence sequences[] = {
    {"a", 1},
    {"\x7f", 1},
    {"\x80", 0},
    {"\xbf", 0},
    {"\xc0\xaf", 0},
    {"\xc1\xbf", 0},
    {"\xc2\x80", 2},
    {"\xdf\xbf", 2},
    {"\xc2", 0},
    {"\xc2\x7f", 0},
    {"\xc2\xc0", 0},
    {"\xe0\x9f\xbf", 0},
    {"\xe0\xa0\x80", 3},
    {"\xe1\x80", 0},
    {"\xe1\x80\x7f", 0},
    {"\xed\x9f\xbf", 3},
    {"\xed\xa0\x80", 0},
    {"\xed\xbf\xbf", 0},
    {"\xee\x80\x80", 3},
    {"\xef\xbf\xbf", 3},
    {"\xf0\x8f\xbf\xbf", 0},
    {"\xf0\x90\x80\x80", 4},
    {"\xf3\xbf\xbf\xbf", 4},
    {"\xf4\x8f\xbf\xbf", 4},
    {"\xf4\x90\x80\x80", 0},
    {"\xf0\x90\x80", 0},
    {"\xf0\x90\x80\xc0", 0},
    {"\xf5\x80\x80\x80", 0},
    {"\xff", 0},
};

static void test_sequence(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(sequences); i++) {
        const char *bytes = sequences[i].bytes;

        assert_int_equal(utf8_sequence(bytes, strlen(bytes)), sequences[i].length);
        assert_int_equal(utf8_valid(bytes, strlen(bytes)), sequences[i].length > 0);
        /* Whatever is missing at the end must not be read. */
        for (size_t size = 0; size < sequences[i].length; size++)
            assert_int_equal(utf8_sequence(bytes, size), 0);
    }
    assert_int_equal(utf8_sequence("\0", 1), 1);
}

/* All code points, encoded by the textbook: exactly the scalar values are valid. */
static void test_all_code_points(void **state)
{
    (void)state;
    for (uint32_t code = 0x800; code <= 0x11ffff; code++) {
        bool wide = code >= 0x10000;
        char bytes[] = {(char)(wide ? 0xf0 | code >> 18 : 0xe0 | code >> 12),
                        (char)(0x80 | (code >> (wide ? 12 : 6) & 0x3f)),
                        (char)(0x80 | (code >> (wide ? 6 : 0) & 0x3f)), (char)(0x80 | (code & 0x3f))};
        size_t length = wide ? 4 : 3;
        bool scalar = code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);

        if (utf8_sequence(bytes, sizeof(bytes)) != (scalar ? length : 0))
            fail_msg("U+%04X", code);
    }
}

static void test_valid(void **state)
{
    (void)state;
    assert_true(utf8_valid("", 0));
    assert_true(utf8_valid("h\xc3\xb6he \xf0\x9f\x98\x80", 10));
    assert_false(utf8_valid("h\xc3\xb6he\xff", 6));
    assert_false(utf8_valid("h\xc3\xb6he", 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sequence),
        cmocka_unit_test(test_all_code_points),
        cmocka_unit_test(test_valid),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
