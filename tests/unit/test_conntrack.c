/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The conntrack collector's file on a /proc of our own making. */

#include <errno.h>

#include "collectors/conntrack/conntrack.h"
#include "tests/unit/proc_lab.h"

#define STAT  "self/net/stat/nf_conntrack"
#define COUNT "sys/net/netfilter/nf_conntrack_count"
#define LIMIT "sys/net/netfilter/nf_conntrack_max"

/* Whatever the kernel below has: the file alone. */
static int setup(void **state)
{
    int error = proc_lab_setup(state, &conntrack_collector);

    proc_lab_set(*state, "source", "proc");
    return error;
}

static void test_kernels(void **state)
{
    static const struct {
        const char *version;
        bool has_chain_too_long;
    } cases[] = {{"4.19", false}, {"5.10", false}, {"6.1", true}, {"6.12", true}, {"6.18", true}};
    struct proc_lab *lab = *state;

    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        proc_lab_use_fixture(lab, cases[i].version);
        assert_int_equal(proc_lab_collect(lab), 0);
        assert_true(proc_lab_has(lab, "netdrop_conntrack_entries 43"));
        assert_true(proc_lab_has(lab, "netdrop_conntrack_entries_limit 262144"));
        assert_true(proc_lab_has(lab, "netdrop_conntrack_drop_total 159")); /* 2^32-1 and 160 */
        assert_true(proc_lab_has(lab, "netdrop_conntrack_early_drop_total 187"));
        assert_true(proc_lab_has(lab, "netdrop_conntrack_insert_failed_total 153"));
        assert_true(proc_lab_has(lab, "netdrop_conntrack_invalid_total 68"));
        assert_true(proc_lab_has(lab, "netdrop_conntrack_error_total 204"));
        assert_int_equal(proc_lab_has(lab, "netdrop_conntrack_chain_too_long_total 119"),
                         cases[i].has_chain_too_long);
        assert_int_equal(snapshot_series(lab->draft), cases[i].has_chain_too_long ? 8 : 7);
        proc_lab_close(lab);
    }
}

/* Hidden, or no number: no gauge, and nothing else is missed. */
static void test_limit(void **state)
{
    static const char *const texts[] = {"", "-1\n", "4294967296\n"};
    struct proc_lab *lab = *state;

    proc_lab_write(lab, STAT, "entries drop\n5 0\n");
    assert_int_equal(proc_lab_open(lab), 0);
    assert_int_equal(proc_lab_collect(lab), 0);
    assert_int_equal(snapshot_series(lab->draft), 2);
    for (size_t i = 0; i < ELEMENTS(texts); i++) {
        proc_lab_write(lab, LIMIT, texts[i]);
        assert_int_equal(proc_lab_collect(lab), 0);
        assert_int_equal(snapshot_series(lab->draft), 2);
    }
    proc_lab_write(lab, LIMIT, "6\n");
    assert_int_equal(proc_lab_collect(lab), 0);
    assert_true(proc_lab_has(lab, "netdrop_conntrack_entries 5"));
    assert_true(proc_lab_has(lab, "netdrop_conntrack_entries_limit 6"));
}

/* A kernel without CONFIG_NF_CONNTRACK_PROCFS, or a file that may not be read: how full the table is, is
 * served. */
static void test_sysctls_alone(void **state)
{
    static const char *const hides[] = {NULL, "/dev/null"};
    struct proc_lab *lab = *state;
    char path[128];

    for (size_t i = 0; i < ELEMENTS(hides); i++) {
        proc_lab_write(lab, STAT, "");
        assert_int_equal(remove(proc_lab_path(lab, STAT, path)), 0);
        if (hides[i])
            assert_int_equal(symlink(hides[i], path), 0);
        proc_lab_write(lab, COUNT, "17\n");
        proc_lab_write(lab, LIMIT, "100\n");
        assert_int_equal(proc_lab_open(lab), 0);
        assert_int_equal(proc_lab_collect(lab), 0);
        assert_true(proc_lab_has(lab, "netdrop_conntrack_entries 17"));
        assert_true(proc_lab_has(lab, "netdrop_conntrack_entries_limit 100"));
        assert_int_equal(snapshot_series(lab->draft), 2);
        assert_non_null(strstr(lab->fault.text, "without counters, which tell what is lost: no "));
        assert_int_equal(lab->fault.error, 0);
        if (hides[i])
            assert_int_equal(remove(path), 0);
        proc_lab_write(lab, STAT, "entries drop\n5 0\n");
        assert_int_equal(proc_lab_collect(lab), 0);
        assert_true(proc_lab_has(lab, "netdrop_conntrack_entries 5"));
        assert_int_equal(snapshot_series(lab->draft), 3);
        assert_string_equal(lab->fault.text, "");
        proc_lab_close(lab);
    }
}

static void test_missing(void **state)
{
    struct proc_lab *lab = *state;
    char expected[256];

    assert_int_equal(proc_lab_open(lab), -EOPNOTSUPP);
    assert_true(lab->fault.unsupported);
    /* Why, depends on the kernel below. */
    (void)snprintf(expected, sizeof(expected), "no %s/" STAT, lab->procfs);
    assert_non_null(strstr(lab->fault.text, expected));
}

static void test_malformed(void **state)
{
    struct proc_lab *lab = *state;

    proc_lab_write(lab, STAT, "entries drop\n5\n");
    assert_int_equal(proc_lab_open(lab), -EBADMSG);
    assert_false(lab->fault.unsupported);
    assert_non_null(
        strstr(lab->fault.text, "nf_conntrack: not a line of names and one of numbers for each CPU"));
    proc_lab_write(lab, STAT, "entries drop\n5 1\n");
    assert_int_equal(proc_lab_open(lab), 0);
    proc_lab_write(lab, STAT, "entries drop\n5 1\n5");
    assert_int_equal(proc_lab_collect(lab), -EBADMSG);
    proc_lab_write(lab, STAT, "entries drop\n5 1\n5 1\n");
    assert_int_equal(proc_lab_collect(lab), 0);
    assert_true(proc_lab_has(lab, "netdrop_conntrack_drop_total 2"));
}

static void test_steady_state_allocates_nothing(void **state)
{
    struct proc_lab *lab = *state;

    proc_lab_use_fixture(lab, "6.18");
    proc_lab_check_steady(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_kernels, setup, proc_lab_teardown),
        cmocka_unit_test_setup_teardown(test_limit, setup, proc_lab_teardown),
        cmocka_unit_test_setup_teardown(test_sysctls_alone, setup, proc_lab_teardown),
        cmocka_unit_test_setup_teardown(test_missing, setup, proc_lab_teardown),
        cmocka_unit_test_setup_teardown(test_malformed, setup, proc_lab_teardown),
        cmocka_unit_test_setup_teardown(test_steady_state_allocates_nothing, setup, proc_lab_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
