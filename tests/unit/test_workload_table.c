/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Workloads have one number each, also where their names are hostile or very many. */

#include "collectors/kernel/workload_table.h"

#include <errno.h>
#include <string.h>

#include "base/utf8.h"
#include "tests/unit/unit.h"

static uint32_t put(struct workload_table *table, const char *unit, const char *container, const char *pod)
{
    struct workload workload = {};
    uint32_t number = UINT32_MAX;

    strcpy(workload.unit, unit);
    strcpy(workload.container_id, container);
    strcpy(workload.pod_uid, pod);
    assert_int_equal(workload_table_put(table, &workload, &number), 0);
    return number;
}

static void test_equal_ones_have_one_number(void **state)
{
    struct limits limits = {};
    struct workload_table table;
    uint32_t a, b;

    (void)state;
    assert_int_equal(workload_table_init(&table, 100, &limits), 0);
    assert_int_equal(put(&table, "", "", ""), WORKLOAD_NOBODY);
    a = put(&table, "a.service", "", "");
    b = put(&table, "a.service", "1", "");
    assert_true(a != WORKLOAD_NOBODY && b != a);
    assert_true(put(&table, "a.service", "", "1") != b);
    assert_int_equal(put(&table, "a.service", "", ""), a);
    assert_int_equal(put(&table, "a.service", "1", ""), b);
    assert_string_equal(workload_table_get(&table, b)->container_id, "1");
    assert_string_equal(workload_table_get(&table, WORKLOAD_NOBODY)->unit, "");
    workload_table_done(&table);
}

/* Rows are told apart by what they look like. */
static void test_bytes_that_are_no_text(void **state)
{
    struct limits limits = {};
    struct workload_table table;
    uint32_t number;

    (void)state;
    assert_int_equal(workload_table_init(&table, 100, &limits), 0);
    number = put(&table, "\xff\xc3\xa4\xc3.service", "", "");
    assert_string_equal(workload_table_get(&table, number)->unit, "?\xc3\xa4?.service");
    assert_int_equal(put(&table, "\xfe\xc3\xa4\xff.service", "", ""), number);
    workload_table_done(&table);
}

static void test_random_names_are_valid_and_found_again(void **state)
{
    struct limits limits = {};
    struct workload_table table;

    (void)state;
    srand(unit_seed());
    assert_int_equal(workload_table_init(&table, 1000, &limits), 0);
    for (unsigned i = 0; i < 500; i++) {
        char unit[WORKLOAD_UNIT_SIZE] = "";
        size_t size = (size_t)rand() % sizeof(unit);
        uint32_t number;

        for (size_t at = 0; at < size; at++)
            unit[at] = (char)(1 + rand() % 255);
        number = put(&table, unit, "", "");
        assert_int_equal(put(&table, unit, "", ""), number);
        unit[0] = '\0';
        assert_true(utf8_valid(workload_table_get(&table, number)->unit,
                               strlen(workload_table_get(&table, number)->unit)));
    }
    workload_table_done(&table);
}

/* -ENOSPC, which is not counted: somebody may make room. */
static int add(struct workload_table *table, const char *unit)
{
    struct workload workload = {};
    uint32_t number;

    (void)strcpy(workload.unit, unit);
    return workload_table_add(table, &workload, &number);
}

static void test_numbers_that_are_free_again(void **state)
{
    bool used[4] = {};
    struct limits limits = {};
    struct workload_table table;
    uint32_t b, d;

    (void)state;
    assert_int_equal(workload_table_init(&table, 4, &limits), 0);
    (void)put(&table, "a", "", "");
    b = put(&table, "b", "", "");
    assert_int_equal(add(&table, "c"), 0);
    assert_false(table.full);
    assert_int_equal(add(&table, "d"), -ENOSPC);
    assert_int_equal(limits.hits[LIMIT_WORKLOADS], 0);
    assert_int_equal(add(&table, "c"), 0);
    assert_int_equal(put(&table, "d", "", ""), WORKLOAD_NOBODY);
    assert_true(table.full);
    assert_int_equal(limits.hits[LIMIT_WORKLOADS], 1);
    assert_int_equal(put(&table, "b", "", ""), b); /* who is known is found */

    used[b] = true;
    workload_table_keep(&table, used);
    assert_false(table.full);
    d = put(&table, "d", "", "");
    assert_true(d != WORKLOAD_NOBODY && d != b);
    assert_string_equal(workload_table_get(&table, d)->unit, "d");
    assert_int_equal(put(&table, "b", "", ""), b);
    assert_int_equal(put(&table, "", "", ""), WORKLOAD_NOBODY);
    (void)put(&table, "a", "", "");
    assert_int_equal(put(&table, "c", "", ""), WORKLOAD_NOBODY);
    assert_int_equal(limits.hits[LIMIT_WORKLOADS], 2);
    workload_table_done(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_ones_have_one_number),
        cmocka_unit_test(test_bytes_that_are_no_text),
        cmocka_unit_test(test_random_names_are_valid_and_found_again),
        cmocka_unit_test(test_numbers_that_are_free_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
