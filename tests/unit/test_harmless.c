/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names for a terminal: what would move the cursor, or change how the rest looks, does not get there. */

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/harmless.h"
#include "base/utf8.h"
#include "tests/unit/unit.h"

static void test_copies(void **state)
{
    static const char *const cases[][2] = {
        {"eth0", "eth0"},
        {"höhe 高", "höhe 高"},
        {"a\033[2Jb", "a?[2Jb"},
        {"a\nb\tc\x7f", "a?b?c?"},
        {"\xc2\x9b"
         "31m",
         "?31m"}, /* CSI of C1 */
        {"a\xe2\x80\xae"
         "b",
         "a?b"}, /* writing from the right */
        {"a\xe2\x80\xa8"
         "b",
         "a?b"},                   /* a line separator */
        {"\xef\xbb\xbf", "?"},     /* a byte order mark */
        {"\xf3\xa0\x80\x81", "?"}, /* a tag */
        {"\xff\xfe", "??"},
        {"a\xc3", "a?"},
        {UTF8_REPLACEMENT, UTF8_REPLACEMENT},
    };
    char text[64];

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        harmless_copy(text, sizeof(text), cases[i][0]);
        assert_string_equal(text, cases[i][1]);
        assert_int_equal(harmless(cases[i][0]), strcmp(cases[i][0], cases[i][1]) == 0);
    }
}

static void test_a_copy_is_cut_between_characters(void **state)
{
    char text[4];

    (void)state;
    harmless_copy(text, sizeof(text), "abcdef");
    assert_string_equal(text, "abc");
    harmless_copy(text, sizeof(text), "abéf");
    assert_string_equal(text, "ab");
    harmless_copy(text, sizeof(text), "ab\033\033");
    assert_string_equal(text, "ab?");
    harmless_copy(text, sizeof(text), "高a");
    assert_string_equal(text, "高");
    harmless_copy(text, 1, "\xff");
    assert_string_equal(text, "");
    harmless_copy(text, 1, "a");
    assert_string_equal(text, "");
}

static void test_any_bytes(void **state)
{
    char from[40], to[64], cut[16];

    (void)state;
    srand(unit_seed());
    for (size_t i = 0; i < 20000; i++) {
        size_t size = (size_t)rand() % (sizeof(from) - 1);

        for (size_t at = 0; at < size; at++)
            from[at] = (char)(1 + rand() % 255);
        from[size] = '\0';
        harmless_copy(to, sizeof(to), from);
        assert_true(harmless(to));
        assert_true(utf8_valid(to, strlen(to)));
        harmless_copy(cut, sizeof(cut), from);
        assert_true(harmless(cut));
        assert_memory_equal(cut, to, strlen(cut));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copies),
        cmocka_unit_test(test_a_copy_is_cut_between_characters),
        cmocka_unit_test(test_any_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
