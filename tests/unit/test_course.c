/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The course of losses: made-up readings of a ledger, at moments of the test's own. */

#include <math.h>
#include <string.h>

#include "daemon/incident/course.h"
#include "tests/unit/unit.h"

#define SECOND NS_PER_SECOND

enum { ROWS = 4 };

static struct courses courses;
static struct ledger_entry entries[ROWS];
static uint64_t now_ns;

static int set_up(void **state)
{
    (void)state;
    now_ns = 1000 * SECOND;
    courses_init(&courses, now_ns);
    memset(entries, 0, sizeof(entries));
    entries[0].key = ledger_key(STAGE_EGRESS, DIRECTION_TRANSMIT, LOSS_CAPACITY, "eth0", "qdisc_full");
    entries[1].key = ledger_key(STAGE_TRANSPORT, DIRECTION_RECEIVE, LOSS_ERROR, "eth0", "udp_nobody_listens");
    entries[2].key = ledger_key(STAGE_TRANSPORT, DIRECTION_RECEIVE, LOSS_ERROR, "eth1", "udp_nobody_listens");
    entries[3].key = ledger_key(STAGE_NETWORK, DIRECTION_RECEIVE, LOSS_POLICY, "eth0", "netfilter_rule");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    courses_done(&courses);
    return 0;
}

/* A reading so many seconds later. */
static void later(unsigned seconds)
{
    struct ledger_reading reading = {.lost = 3, .count = ROWS, .items = entries};

    now_ns += seconds * SECOND;
    reading.read_ns = now_ns;
    assert_int_equal(courses_take(&courses, &reading), 0);
}

static const struct course *only(void)
{
    assert_int_equal(courses.count, 1);
    return courses.items[0];
}

static void test_the_first_look_shows_it(void **state)
{
    const struct course *course;

    (void)state;
    entries[0].count = 50;
    later(5);
    course = only();
    assert_true(course_goes_on(course, now_ns));
    assert_int_equal(course->since_ns, 1000 * SECOND);
    assert_int_equal(course_lost(course, courses_point(&courses, COURSE_PAST_NS)), 50);
    assert_float_equal(course_rate(&courses, course, COURSE_NOW_NS), 10, 1e-9);
    assert_string_equal(course->device, "eth0");
}

static void test_rate_and_past(void **state)
{
    const struct course *course;

    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        entries[0].count += i < 90 ? 100 : 500;
        later(5);
    }
    course = only();
    assert_float_equal(course_rate(&courses, course, COURSE_NOW_NS), 100, 1e-9);
    assert_float_equal(course_rate(&courses, course, 60 * SECOND), 5200 / 60.0F, 1e-3);
    assert_int_equal(course_lost(course, courses_point(&courses, COURSE_PAST_NS)), 50 * 100 + 10 * 500);
    assert_int_equal(course->since_ns, 1000 * SECOND);
}

/* A page that is open looks each second: points stay so far apart that five minutes have room. */
static void test_often_and_long(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        entries[0].count += 7;
        later(1);
    }
    assert_float_equal(course_rate(&courses, only(), COURSE_NOW_NS), 7, 1e-9);
    assert_in_range(course_lost(only(), courses_point(&courses, COURSE_PAST_NS)), 7 * 300, 7 * 305);
    assert_float_equal(course_steadiness(&courses, only()), 1, 1e-9);
}

static void test_it_ends_a_minute_later_and_begins_anew(void **state)
{
    const struct course *course;
    uint64_t still_ns;

    (void)state;
    entries[0].count = 10;
    later(5);
    course = only();
    for (unsigned i = 0; i < 11; i++)
        later(5);
    assert_true(course_goes_on(course, now_ns));
    later(5);
    assert_false(course_goes_on(course, now_ns));
    still_ns = now_ns;
    entries[0].count += 3;
    later(5);
    assert_true(course_goes_on(course, now_ns));
    assert_int_equal(course->since_ns, still_ns);
    assert_int_equal(course->count - course->begin_count, 3);
    /* Within five minutes it lost what it had before, too. */
    assert_int_equal(course_lost(course, courses_point(&courses, COURSE_PAST_NS)), 13);
    assert_float_equal(course_rate(&courses, course, COURSE_NOW_NS), 0.6, 1e-9);
}

static void test_of_the_transport_interfaces_are_one(void **state)
{
    (void)state;
    entries[1].count = 5;
    later(5);
    assert_int_equal(only()->device_count, 1);
    assert_string_equal(only()->device, "eth0");
    entries[1].count += 5;
    entries[2].count = 20;
    later(5);
    assert_int_equal(only()->device_count, 2);
    assert_int_equal(only()->count, 30);
    assert_string_equal(only()->key.cause, "udp_nobody_listens");
}

/* What other namespaces lose has no interface of ours. */
static void test_what_has_no_interface_is_apart(void **state)
{
    (void)state;
    entries[1].count = 5;
    entries[2].key = ledger_key(STAGE_TRANSPORT, DIRECTION_RECEIVE, LOSS_ERROR, "", "udp_nobody_listens");
    entries[2].count = 900;
    later(5);
    assert_int_equal(courses.count, 2);
    assert_int_equal(courses.items[0]->count, 5);
    assert_string_equal(courses.items[0]->device, "eth0");
    assert_int_equal(courses.items[0]->device_count, 1);
    assert_int_equal(courses.items[1]->count, 900);
    assert_string_equal(courses.items[1]->device, "");
}

static void test_lost_and_refused_are_two(void **state)
{
    (void)state;
    entries[0].count = entries[3].count = 1;
    later(5);
    assert_int_equal(courses.count, 2);
    assert_int_equal(courses.items[1]->key.loss_class, LOSS_POLICY);
}

static void test_steadiness(void **state)
{
    (void)state;
    entries[0].count = 1;
    later(5);
    assert_true(isnan(course_steadiness(&courses, only())));
    for (unsigned i = 0; i < 40; i++) {
        entries[0].count += i % 4 ? 0 : 1000;
        later(5);
    }
    assert_in_range((uint64_t)(100 * course_steadiness(&courses, only())), 20, 30);
}

/* What counters tell of, without a new reading of drop sites. */
static void test_the_same_moment(void **state)
{
    (void)state;
    later(5);
    later(5);
    entries[0].count = 50;
    later(0);
    assert_int_equal(only()->since_ns, now_ns - 5 * SECOND);
    assert_float_equal(course_rate(&courses, only(), COURSE_NOW_NS), 10, 1e-9);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_the_first_look_shows_it),
        TEST(test_rate_and_past),
        TEST(test_often_and_long),
        TEST(test_it_ends_a_minute_later_and_begins_anew),
        TEST(test_of_the_transport_interfaces_are_one),
        TEST(test_what_has_no_interface_is_apart),
        TEST(test_lost_and_refused_are_two),
        TEST(test_steadiness),
        TEST(test_the_same_moment),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
