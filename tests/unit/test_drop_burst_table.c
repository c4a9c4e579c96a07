/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bursts by their size: what is shown never steps back, and adds up. */

#include "collectors/drops/drop_burst_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"

static const uint64_t steps[DROP_BURST_STEPS] = {1, 2, 5, 17, 65, 257, 1025, 4097, 16385, 65537};

/* What the BPF program counts of a burst while it grows from one size to another. */
static void grow(struct drop_burst_table *table, uint64_t from, uint64_t to)
{
    struct drop_bursts came = {};

    for (unsigned step = 0; step < DROP_BURST_STEPS; step++)
        came.reached[step] = steps[step] > from && steps[step] <= to;
    assert_int_equal(drop_burst_table_add(table, LOSS_CAPACITY, "eth0", &came, to - from), 0);
}

static void assert_sizes(struct drop_burst_table *table, const char *expected)
{
    uint64_t sizes[DROP_BURST_STEPS];
    char text[256] = "";

    drop_burst_sizes(&table->rows[0], sizes);
    for (unsigned step = 0; step < DROP_BURST_STEPS; step++)
        (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%llu", step ? " " : "",
                       (unsigned long long)sizes[step]);
    assert_string_equal(text, expected);
}

static void test_sizes(void **state)
{
    struct drop_burst_table table = {};

    (void)state;
    for (unsigned step = 0; step < DROP_BURST_STEPS; step++)
        grow(&table, 0, steps[step]);
    assert_sizes(&table, "1 1 1 1 1 1 1 1 1 1");
    grow(&table, 0, 4);
    grow(&table, 0, 16);
    grow(&table, 0, 1000000);
    assert_sizes(&table, "1 2 2 1 1 1 1 1 1 2");
    assert_int_equal(table.rows[0].skbs, 1 + 2 + 5 + 17 + 65 + 257 + 1025 + 4097 + 16385 + 65537 + 1000020);
    drop_burst_table_done(&table);
}

/* A burst that was read while it was small stands there until there are as many. */
static void test_a_burst_that_grows(void **state)
{
    struct drop_burst_table table = {};

    (void)state;
    grow(&table, 0, 1);
    assert_sizes(&table, "1 0 0 0 0 0 0 0 0 0");
    grow(&table, 1, 100);
    assert_sizes(&table, "1 0 0 0 0 0 0 0 0 0");
    grow(&table, 0, 100);
    assert_sizes(&table, "1 0 0 0 1 0 0 0 0 0");
    grow(&table, 0, 1);
    assert_sizes(&table, "1 0 0 0 2 0 0 0 0 0");
    drop_burst_table_done(&table);
}

static void test_random_bursts_never_step_back(void **state)
{
    struct drop_burst_table table = {};
    uint64_t below[DROP_BURST_STEPS] = {};

    (void)state;
    srandom(1);
    for (unsigned i = 0; i < 20000; i++) {
        uint64_t size = 0, next, sizes[DROP_BURST_STEPS], sum = 0;

        do {
            next = size + 1 + (uint64_t)random() % 300;
            grow(&table, size, next);
            size = next;
            drop_burst_sizes(&table.rows[0], sizes);
            sum = 0;
            for (unsigned step = 0; step < DROP_BURST_STEPS; step++) {
                sum += sizes[step];
                assert_true(sum >= below[step]);
                below[step] = sum;
            }
            assert_int_equal(sum, i + 1);
        } while (random() % 3);
    }
    drop_burst_table_done(&table);
}

static bool exists(const char *device, void *data)
{
    return strcmp(device, data) == 0;
}

static uint64_t skbs_of(const struct drop_burst_table *table, const char *device)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->rows[i].device, device) == 0)
            sum += table->rows[i].skbs;
    return sum;
}

/* Devices that come and go are no limit: who is there keeps the row, and sums are complete. */
static void test_devices_that_are_gone(void **state)
{
    struct limits limits = {};
    struct drop_burst_table table = {.limits = &limits};
    const struct drop_bursts one = {.reached = {1, 1}};
    uint64_t sizes[DROP_BURST_STEPS];
    char device[16];

    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        (void)snprintf(device, sizeof(device), "v%u", i);
        assert_int_equal(drop_burst_table_add(&table, i % 2 ? LOSS_ERROR : LOSS_CAPACITY, device, &one, 1),
                         0);
        assert_int_equal(drop_burst_table_add(&table, LOSS_ERROR, "eth0", &one, 1), 0);
        assert_int_equal(drop_burst_table_add(&table, LOSS_ERROR, "", &one, 1), 0);
        drop_burst_table_sweep(&table, exists, (char[]){"eth0"});
    }
    assert_true(table.count <= DROP_BURST_ROWS_MAX);
    assert_int_equal(skbs_of(&table, "eth0"), 1000);
    assert_int_equal(skbs_of(&table, ""), 1000);
    assert_int_equal(skbs_of(&table, device), 1);
    assert_int_equal(limits.hits[LIMIT_DROP_BURSTS], 0);
    /* Two rows are of "other", two of who stays, and the rest is of the last who came. */
    assert_int_equal(skbs_of(&table, "other"), 1000 - (table.count - 4));
    for (size_t i = 0; i < table.count; i++) {
        drop_burst_sizes(&table.rows[i], sizes);
        assert_int_equal(sizes[0] + sizes[1], table.rows[i].reached[0]);
        assert_int_equal(table.rows[i].reached[0], table.rows[i].skbs);
    }
    drop_burst_table_done(&table);
}

static void test_more_devices_than_rows(void **state)
{
    struct limits limits = {};
    struct drop_burst_table table = {.limits = &limits};
    const struct drop_bursts one = {.reached = {1}};
    uint64_t sum = 0;

    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        char device[16];

        (void)snprintf(device, sizeof(device), "eth%u", i);
        assert_int_equal(drop_burst_table_add(&table, i % LOSS_CLASS_COUNT, device, &one, 1), 0);
    }
    assert_int_equal(table.count, DROP_BURST_ROWS_MAX);
    for (size_t i = 0; i < table.count; i++)
        sum += table.rows[i].skbs;
    assert_int_equal(sum, 1000);
    assert_string_equal(table.rows[table.count - 1].device, "other");
    assert_int_equal(limits.hits[LIMIT_DROP_BURSTS], 1000 - (DROP_BURST_ROWS_MAX - LOSS_CLASS_COUNT));
    drop_burst_table_done(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_a_burst_that_grows),
        cmocka_unit_test(test_random_bursts_never_step_back),
        cmocka_unit_test(test_devices_that_are_gone),
        cmocka_unit_test(test_more_devices_than_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
