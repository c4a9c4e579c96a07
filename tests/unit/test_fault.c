/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Faults: what is told of an error, to whoever listens. */

#include "base/fault.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/unit.h"

static void test_text_and_error(void **state)
{
    struct fault fault = {.unsupported = true};

    (void)state;
    assert_int_equal(fault_set(&fault, -EINVAL, "line %d of %s", 3, "a file"), -EINVAL);
    assert_int_equal(fault.error, -EINVAL);
    assert_false(fault.unsupported);
    assert_string_equal(fault.text, "line 3 of a file");
    assert_int_equal(fault_unsupported(&fault, "no %s", "BTF"), -EOPNOTSUPP);
    assert_true(fault.unsupported);
    assert_string_equal(fault.text, "no BTF");
}

static void test_text_of_an_errno(void **state)
{
    struct fault fault = {};

    (void)state;
    assert_int_equal(fault_errno(&fault, -ENODEV, "opening %s", "eth0"), -ENODEV);
    assert_int_equal(fault.error, -ENODEV);
    assert_string_equal(fault.text, "opening eth0: No such device");
    /* The kernel's ENOTSUPP, which it lets out at times. */
    assert_int_equal(fault_errno(&fault, -524, "BPF"), -524);
    assert_string_equal(fault.text, "BPF: Unknown error 524");
}

static void test_nobody_listens(void **state)
{
    (void)state;
    assert_int_equal(fault_set(NULL, -EIO, "%s", "text"), -EIO);
    assert_int_equal(fault_errno(NULL, -EIO, "%s", "text"), -EIO);
    assert_int_equal(fault_unsupported(NULL, "%s", "text"), -EOPNOTSUPP);
}

static void test_text_that_is_too_long(void **state)
{
    struct fault fault = {};

    (void)state;
    fault_errno(&fault, -EIO, "%400s", "");
    assert_int_equal(strlen(fault.text), sizeof(fault.text) - 1);
    fault_errno(&fault, -EIO, "%315s", "");
    assert_string_equal(fault.text + 315, ": In");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_and_error),
        cmocka_unit_test(test_text_of_an_errno),
        cmocka_unit_test(test_nobody_listens),
        cmocka_unit_test(test_text_that_is_too_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
