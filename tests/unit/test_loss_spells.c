/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Spells of loss: what the log says of a course of counters, and what the status line would. Time is the
 * test's own, a step of the trends after the other; what is logged goes to a file in place of standard error.
 */

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "daemon/trend/loss_spells.h"
#include "tests/unit/known_metrics.h"
#include "tests/unit/unit.h"

enum { DEVICES = 40 };

static const char *const names[] = {
    "netdrop_link_receive_errors_total",
    "netdrop_link_receive_dropped_total",
    "netdrop_link_receive_missed_total",
};

enum { ERRORS, DROPPED, MISSED, COLUMNS };

static struct registry *registry;
static struct trend *trend;
static struct loss_spells *loss;
static struct limits limits;
static struct column_set *columns;
static struct row_set *rows;
static uint64_t values[DEVICES][COLUMNS];
static uint64_t now_ns;
static struct loss_settings settings;
static char said[1 << 16];

static int setup(void **state)
{
    static const char *const label = "device";
    struct metric metrics[COLUMNS];

    (void)state;
    known_open();
    for (size_t i = 0; i < COLUMNS; i++)
        metrics[i] = known_metric(names[i]);
    now_ns = 100000 * NS_PER_SECOND;
    memset(values, 0, sizeof(values));
    settings = (struct loss_settings){
        .window_ns = 60 * NS_PER_SECOND,
        .onset_packets = 60,
        .end_after_ns = 60 * NS_PER_SECOND,
        .messages_per_minute = 10,
    };
    if (registry_new(1, &registry) < 0 || trend_new(registry, &limits, &trend) < 0 ||
        loss_spells_new(trend, &loss) < 0 || column_set_new(metrics, COLUMNS, &columns) < 0 ||
        row_set_new(&label, 1, &rows) < 0)
        return -1;
    registry_enable(registry, 0, NS_PER_SECOND, 0);
    for (size_t i = 0; i < DEVICES; i++) {
        char name[16];
        const char *value = name;

        (void)snprintf(name, sizeof(name), "eth%zu", i);
        (void)row_set_add(rows, &value);
    }
    row_set_seal(rows);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    loss = loss_spells_free(loss);
    trend = trend_free(trend);
    registry = registry_free(registry);
    columns = column_set_unref(columns);
    rows = row_set_unref(rows);
    known_close();
    return 0;
}

/* A step with the counters as they are; what is logged is in `said`. */
static void step(void)
{
    struct snapshot *snapshot = snapshot_new();
    struct table *table = snapshot_add_table(snapshot, columns, rows);
    int file = memfd_create("stderr", 0), own = dup(STDERR_FILENO);
    ssize_t size;

    memcpy(table->cells, values, sizeof(values));
    for (size_t i = 0; i < DEVICES; i++)
        table->present[i] = (1 << COLUMNS) - 1;
    registry_begin(registry, 0, now_ns);
    registry_publish(registry, 0, snapshot, now_ns, now_ns);
    snapshot_unref(snapshot);
    dup2(file, STDERR_FILENO);
    assert_true(trend_step(trend, now_ns));
    loss_spells_update(loss, &settings, now_ns);
    dup2(own, STDERR_FILENO);
    size = pread(file, said, sizeof(said) - 1, 0);
    said[size] = '\0';
    close(file);
    close(own);
    now_ns += TREND_STEP_NS;
}

static size_t count_lines(const char *words)
{
    size_t count = 0;

    for (const char *at = said; (at = strstr(at, words)); at++)
        count++;
    return count;
}

/* Steps in which eth0 misses so many packets each; how many steps said something. The last words stay. */
static unsigned steps(unsigned count, uint64_t missed)
{
    unsigned loud = 0;
    char last[512] = "";

    for (unsigned i = 0; i < count; i++) {
        values[0][MISSED] += missed;
        step();
        loud += said[0] != '\0';
        if (said[0])
            (void)snprintf(last, sizeof(last), "%.500s", said);
    }
    strcpy(said, last);
    return loud;
}

static void test_onset_and_end_are_said_once(void **state)
{
    (void)state;
    assert_int_equal(steps(2, 0), 0);
    assert_string_equal(loss_spells_text(loss), "");
    assert_int_equal(steps(12, 0), 0);
    assert_string_equal(loss_spells_text(loss), "no drops in the last minute");
    assert_int_equal(steps(2, 20), 0);
    assert_string_equal(loss_spells_text(loss), "eth0 loses 2.7/s (receive missed)");
    assert_int_equal(steps(1, 20), 1);
    assert_string_equal(said, "warning: eth0 loses packets: 60 within 60 s (receive missed)\n");
    assert_int_equal(steps(30, 500), 0);
    assert_non_null(strstr(loss_spells_text(loss), "eth0 loses 100/s since "));
    assert_int_equal(steps(3, 0), 0);
    assert_string_equal(loss_spells_text(loss), "eth0 lost 4500 in the last minute (receive missed)");
    assert_int_equal(steps(8, 0), 0);
    assert_int_equal(steps(1, 0), 0); /* the window is empty now, and end_after begins */
    assert_int_equal(steps(20, 0), 1);
    assert_string_equal(said, "eth0 no longer loses packets: 15060 were lost in 220 s, at most 100/s "
                              "(receive missed)\n");
    assert_string_equal(loss_spells_text(loss), "no drops in the last minute");
}

/* On and off, each for less than end_after and the window: one spell. */
static void test_flapping_is_one_spell(void **state)
{
    unsigned loud = 0;

    (void)state;
    steps(1, 0);
    for (unsigned i = 0; i < 50; i++) {
        loud += steps(2, 1000);
        loud += steps(10, 0);
    }
    assert_int_equal(loud, 1);
    assert_int_equal(steps(40, 0), 1);
    assert_non_null(strstr(said, "eth0 no longer loses packets: 100000 were lost"));
}

/* Around the threshold: what has begun goes on until it is under half. */
static void test_hysteresis(void **state)
{
    (void)state;
    steps(1, 0);
    assert_int_equal(steps(100, 4), 0); /* 48 a minute */
    assert_int_equal(steps(20, 5), 1);
    assert_non_null(strstr(said, "loses packets: 60 "));
    assert_int_equal(steps(100, 3), 0); /* 36: over half */
    assert_int_equal(steps(100, 2), 1); /* 24 */
    assert_non_null(strstr(said, "no longer"));
    assert_string_equal(loss_spells_text(loss), "eth0 loses 24/min (receive missed)");
}

static void test_a_reload_changes_the_limits(void **state)
{
    (void)state;
    settings.onset_packets = 1000000;
    steps(1, 0);
    assert_int_equal(steps(20, 100), 0);
    settings.onset_packets = 1;
    settings.window_ns = 10 * NS_PER_SECOND;
    settings.end_after_ns = 5 * NS_PER_SECOND;
    assert_int_equal(steps(1, 100), 1);
    assert_string_equal(said, "warning: eth0 loses packets: 200 within 10 s (receive missed)\n");
    assert_int_equal(steps(1, 0), 0);
    assert_int_equal(steps(1, 0), 1);
}

/* The sum of all errors is not named where one kind is all of it; nor is the greater named the greatest of
 * all where another subject loses more. */
static void test_the_cause_that_tells_most(void **state)
{
    static const struct {
        uint64_t errors, dropped, missed;
        const char *cause;
    } cases[] = {
        {100, 0, 100, "receive missed"}, {100, 0, 81, "receive missed"},  {100, 0, 79, "receive errors"},
        {100, 90, 0, "receive dropped"}, {0, 100, 100, "receive missed"}, {50, 100, 10, "receive dropped"},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        (void)teardown(state);
        assert_int_equal(setup(state), 0);
        step();
        values[3][ERRORS] = cases[i].errors;
        values[3][DROPPED] = cases[i].dropped;
        values[3][MISSED] = cases[i].missed;
        values[7][ERRORS] = 70;
        step();
        assert_int_equal(count_lines("warning: eth3 loses packets"), 1);
        assert_int_equal(count_lines("warning: eth7 loses packets: 70 within 60 s (receive errors)\n"), 1);
        assert_int_equal(count_lines("\n"), 2);
        assert_non_null(strstr(said, cases[i].cause));
        assert_memory_equal(loss_spells_text(loss), "eth3 loses ", 11);
        assert_non_null(strstr(loss_spells_text(loss), cases[i].cause));
    }
}

static void test_many_at_once_do_not_flood(void **state)
{
    (void)state;
    step();
    for (size_t i = 0; i < DEVICES; i++)
        values[i][DROPPED] = 1000 + i;
    step();
    assert_int_equal(count_lines("loses packets"), 10);
    assert_int_equal(count_lines("eth39 loses packets"), 1); /* the worst of them */
    for (unsigned i = 0; i < 10; i++) {
        step();
        assert_string_equal(said, "");
    }
    step();
    assert_string_equal(said, "warning: 30 more began to lose packets within a minute\n");
    /* Of those that were not said the end is not said either. */
    for (unsigned i = 0; !said[0] || i == 0; i++) {
        assert_true(i < 100);
        step();
    }
    assert_int_equal(count_lines("no longer loses packets"), 10);
    assert_int_equal(count_lines("\n"), 10);
}

/* A device that is gone loses nothing any more. */
static void test_a_device_that_is_gone(void **state)
{
    struct row_set *all = rows, *none;
    static const char *const label = "device";

    (void)state;
    steps(1, 0);
    assert_int_equal(steps(3, 100), 1);
    assert_int_equal(row_set_new(&label, 1, &none), 0);
    for (size_t i = 0; i < DEVICES; i++) {
        char name[16];
        const char *value = name;

        (void)snprintf(name, sizeof(name), "other%zu", i);
        (void)row_set_add(none, &value);
    }
    row_set_seal(none);
    rows = none;
    assert_int_equal(steps(20, 0), 1);
    assert_non_null(strstr(said, "eth0 no longer loses packets: 300 were lost"));
    rows = all;
    row_set_unref(none);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_onset_and_end_are_said_once),
        TEST(test_flapping_is_one_spell),
        TEST(test_hysteresis),
        TEST(test_a_reload_changes_the_limits),
        TEST(test_the_cause_that_tells_most),
        TEST(test_many_at_once_do_not_flood),
        TEST(test_a_device_that_is_gone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
