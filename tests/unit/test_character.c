/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each function about each of the 256 bytes, against the C library's of the C locale, which knows ASCII only.
 */

#include <ctype.h>
#include <limits.h>
#include <locale.h>
#include <string.h>

#include "base/character.h"
#include "tests/unit/unit.h"

static void test_kinds(void **state)
{
    (void)state;
    for (int i = 0; i <= UCHAR_MAX; i++) {
        char byte = (char)i;

        assert_int_equal(is_digit(byte), isdigit(i) != 0);
        assert_int_equal(is_lower(byte), islower(i) != 0);
        assert_int_equal(is_upper(byte), isupper(i) != 0);
        assert_int_equal(is_letter(byte), isalpha(i) != 0);
        assert_int_equal(is_blank(byte), isblank(i) != 0);
        assert_int_equal(is_control(byte), iscntrl(i) != 0);
        assert_int_equal(is_visible(byte), isgraph(i) != 0);
    }
}

static void test_cases(void **state)
{
    (void)state;
    for (int i = 0; i <= UCHAR_MAX; i++) {
        assert_int_equal((unsigned char)to_lower((char)i), tolower(i));
        assert_int_equal((unsigned char)to_upper((char)i), toupper(i));
    }
}

static void test_values(void **state)
{
    static const char digits[] = "0123456789abcdef";

    (void)state;
    for (int i = 0; i <= UCHAR_MAX; i++) {
        const char *digit = i ? strchr(digits, tolower(i)) : NULL;
        int value = digit ? (int)(digit - digits) : -1;

        assert_int_equal(hex_value((char)i), value);
        assert_int_equal(digit_value((char)i), value < 10 ? value : -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_values),
    };

    if (!setlocale(LC_ALL, "C"))
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
