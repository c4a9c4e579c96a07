/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The qdisc collector against the running kernel: whatever it has, a second collection makes nothing anew. */

#include "collectors/qdisc/qdisc.h"

#include "tests/unit/unit.h"

static void test_collect_from_the_running_kernel(void **state)
{
    struct limits limits = {};
    struct fault fault = {};
    struct device_filter filter = {};
    struct collector_settings *settings = options_new(&qdisc_collector.options);
    struct collector_context context = {.settings = settings, .limits = &limits, .devices = &filter};
    struct collector_state *opened = NULL;
    struct snapshot *first = snapshot_new(), *second = snapshot_new();

    (void)state;
    assert_int_equal(options_init(&device_filter_options, &filter), 0);
    assert_int_equal(collector_open(&qdisc_collector, &context, &opened, &fault), 0);
    assert_true(qdisc_collector.event_fd(opened) >= 0);
    assert_int_equal(qdisc_collector.event(opened, &fault), 0);
    assert_int_equal(qdisc_collector.collect(opened, first, &fault), 0);
    assert_int_equal(qdisc_collector.collect(opened, second, &fault), 0);

    assert_int_equal(first->table_count, 1);
    assert_int_equal(first->tables[0].columns->count, 8); /* the limit is in no answer */
    assert_ptr_equal(first->tables[0].columns, second->tables[0].columns);
    assert_ptr_equal(first->tables[0].rows, second->tables[0].rows);
    assert_int_equal(snapshot_series(first), 7 * first->tables[0].rows->count);

    (void)collector_close(&qdisc_collector, opened);
    snapshot_unref(first);
    snapshot_unref(second);
    options_done(&device_filter_options, &filter);
    options_free(&qdisc_collector.options, settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_collect_from_the_running_kernel),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
