/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The device filter: what passes, and when a filter counts as given. */

#include <errno.h>

#include "base/cleanup.h"
#include "collectors/device_filter.h"
#include "tests/unit/unit.h"

struct row {
    const char *include, *exclude, *kinds;
    const char *name, *kind;
    bool passes;
};

static const struct row rows[] = {
    {"*", "", "veth", "eth0", "physical", true},
    {"*", "", "veth", "veth12", "veth", false},
    {"*", "", "", "veth12", "veth", true},
    {"*", "", "veth", "veth12", "physical", true}, /* the kind is not the name */
    {"*", "", "tun*,ip6*", "tap0", "tun", false},
    {"eth*,en?", "", "", "en0", "physical", true},
    {"eth*,en?", "", "", "ens3", "physical", false},
    {"eth[0-3]", "", "", "eth4", "physical", false},
    {"*", "docker*", "", "docker0", "bridge", false},
    {"eth0", "eth*", "", "eth0", "physical", false}, /* exclusion wins */
    {"", "", "", "eth0", "physical", false},
    {"a\\*", "", "", "a*", "physical", true},
    {"a\\*", "", "", "ab", "physical", false},
    {"*", "", "", ".hidden", "physical", true},
    {"*", "", "", "a/b", "physical", true},
    {"*", "", "", "\xff\xfe", "physical", true},
    {"*", "", "loopback", "lo", "loopback", false},
};

static void set(struct device_filter *filter, size_t i, const char *text)
{
    assert_int_equal(option_set_text(&device_filter_options.options[i], filter, text, NULL), 0);
}

static void test_match(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        struct device_filter *filter = options_new(&device_filter_options);

        set(filter, 0, rows[i].include);
        set(filter, 1, rows[i].exclude);
        set(filter, 2, rows[i].kinds);
        if (device_filter_match(filter, rows[i].name, rows[i].kind) != rows[i].passes)
            fail_msg("row %zu: %s of kind %s", i, rows[i].name, rows[i].kind);
        options_free(&device_filter_options, filter);
    }
}

static void test_defaults(void **state)
{
    struct device_filter *filter = options_new(&device_filter_options);

    (void)state;
    assert_false(device_filter_is_set(filter));
    assert_true(device_filter_match(filter, "eth0", "physical"));
    assert_true(device_filter_match(filter, "lo", "loopback"));
    assert_false(device_filter_match(filter, "v", "veth"));
    options_free(&device_filter_options, filter);
}

/* Each list alone makes a filter given, also with the value that it had. */
static void test_is_set(void **state)
{
    (void)state;
    for (size_t i = 0; i < device_filter_options.count; i++) {
        struct device_filter *filter = options_new(&device_filter_options);

        set(filter, i, device_filter_options.options[i].default_text);
        assert_true(device_filter_is_set(filter));
        options_free(&device_filter_options, filter);
    }
}

/* Only where there was something to leave. */
static void test_row_64_filter_that_leaves_nothing(void **state)
{
    static const struct {
        size_t devices, left;
        bool said;
    } cases[] = {{0, 0, false}, {3, 3, false}, {3, 1, false}, {3, 0, true}};

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct fault fault = {};

        device_filter_note(cases[i].devices, cases[i].left, &fault);
        assert_int_equal(fault.error, 0);
        assert_int_equal(strstr(fault.text, "leaves none of 3") != NULL, cases[i].said);
        assert_int_equal(fault.text[0] != '\0', cases[i].said);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_match),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_is_set),
        cmocka_unit_test(test_row_64_filter_that_leaves_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
