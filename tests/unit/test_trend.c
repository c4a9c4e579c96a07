/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trends: rates to the packet, over resets, interfaces that come and go, snapshots that are too old, reloads,
 * and within bounds. Snapshots are published by hand, at times of the test's own. */

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "daemon/run/registry.h"
#include "daemon/trend/trend.h"
#include "tests/unit/known_metrics.h"
#include "tests/unit/unit.h"

#define SECOND NS_PER_SECOND

enum { LINK_SLOT, SITES_SLOT, SLOTS };

static struct registry *registry;
static struct trend *trend;
static struct limits limits;
static uint64_t now_ns;
static struct trend_line lines[TREND_LINES_MAX];

static int setup(void **state)
{
    (void)state;
    now_ns = 1000 * SECOND;
    limits = (struct limits){};
    known_open();
    if (registry_new(SLOTS, &registry) < 0)
        return -1;
    for (size_t i = 0; i < SLOTS; i++)
        registry_enable(registry, i, SECOND, 30 * SECOND);
    return trend_new(registry, &limits, &trend);
}

static int teardown(void **state)
{
    (void)state;
    trend = trend_free(trend);
    registry = registry_free(registry);
    known_close();
    return 0;
}

static const char *const link_metrics[] = {
    "netdrop_link_up", /* not watched */
    "netdrop_link_receive_packets_total",
    "netdrop_link_receive_errors_total",
    "netdrop_link_receive_missed_total",
};

static const char *const site_metrics[] = {"netdrop_kernel_drops_total"};

/* A table as a collector makes it: sets of its own each time, unless it keeps them. */
struct shape {
    struct column_set *columns;
    struct row_set *rows;
};

static struct shape shape_new(const char *const *names, size_t count, const char *const *labels,
                              size_t label_count, const char *const *values, size_t row_count)
{
    struct metric metrics[ELEMENTS(link_metrics)];
    struct shape shape;

    for (size_t i = 0; i < count; i++)
        metrics[i] = known_metric(names[i]);
    assert_int_equal(column_set_new(metrics, count, &shape.columns), 0);
    assert_int_equal(row_set_new(labels, label_count, &shape.rows), 0);
    for (size_t i = 0; i < row_count; i++)
        assert_true(row_set_add(shape.rows, &values[i * label_count]) >= 0);
    row_set_seal(shape.rows);
    return shape;
}

static struct shape links_new(const char *const *devices, size_t count)
{
    static const char *const labels[] = {"device"};

    return shape_new(link_metrics, ELEMENTS(link_metrics), labels, 1, devices, count);
}

static void shape_done(struct shape *shape)
{
    column_set_unref(shape->columns);
    row_set_unref(shape->rows);
}

/* Publishes at `now_ns`; UINT64_MAX is an absent cell. */
static void publish(size_t slot, const struct shape *shape, const uint64_t *values)
{
    struct snapshot *snapshot = snapshot_new();
    struct table *table = snapshot_add_table(snapshot, shape->columns, shape->rows);

    for (size_t i = 0; i < shape->rows->count * shape->columns->count; i++)
        if (values[i] != UINT64_MAX)
            table_set(table, i / shape->columns->count, i % shape->columns->count, values[i]);
    registry_begin(registry, slot, now_ns);
    registry_publish(registry, slot, snapshot, now_ns, now_ns);
    snapshot_unref(snapshot);
}

/* One device with this many packets lost by the NIC, then a step. */
static void step_missed(const struct shape *shape, uint64_t missed)
{
    publish(LINK_SLOT, shape, (uint64_t[]){1, 0, 0, missed});
    assert_true(trend_step(trend, now_ns));
    assert_false(trend_step(trend, now_ns + TREND_STEP_NS - 1));
    now_ns += TREND_STEP_NS;
}

/* So many points that are finished, and the one that grows, in which nothing was taken in yet: the newest in
 * the lines is the last that is finished. */
static size_t select_lines(unsigned purposes, unsigned points, size_t max)
{
    const struct trend_question question = {.purposes = purposes, .points = points + 1};
    size_t count = trend_select(trend, &question, lines, max);

    for (size_t i = 0; i < count; i++)
        memmove(&lines[i].points[1], &lines[i].points[0], (TREND_POINTS - 1) * sizeof(lines[i].points[0]));
    return count;
}

static size_t losses(unsigned points)
{
    return select_lines(PURPOSE_LOSS, points, ELEMENTS(lines));
}

#define assert_number(got, expected) assert_true(fabs((got) - (expected)) < 1e-4)

static void test_rates_are_exact(void **state)
{
    struct shape shape = links_new((const char *[]){"eth0"}, 1);
    struct trend_extent extent;

    (void)state;
    step_missed(&shape, 7);
    assert_int_equal(losses(12), 0);
    step_missed(&shape, 7);
    assert_int_equal(losses(12), 0);
    step_missed(&shape, 107);
    step_missed(&shape, 107);
    step_missed(&shape, 157);
    assert_int_equal(losses(12), 1);
    assert_string_equal(lines[0].subject, "eth0");
    assert_string_equal(lines[0].cause, "receive missed");
    assert_true(lines[0].device);
    assert_number(lines[0].count, 150);
    assert_number(lines[0].rate, 150 / 20.0);
    assert_true(isnan(lines[0].points[TREND_POINTS - 5])); /* the first snapshot is no rate */
    assert_number(lines[0].points[TREND_POINTS - 4], 0);
    assert_number(lines[0].points[TREND_POINTS - 3], 20);
    assert_number(lines[0].points[TREND_POINTS - 2], 0);
    assert_number(lines[0].points[TREND_POINTS - 1], 10);
    assert_int_equal(losses(1), 1);
    assert_number(lines[0].count, 50);
    assert_number(lines[0].rate, 10);
    trend_extent(trend, &extent);
    assert_int_equal(extent.devices, 1);
    assert_int_equal(extent.points, 5);
    shape_done(&shape);
}

/* So many seconds later, a look between two steps. */
static void look(const struct shape *shape, uint64_t missed, uint64_t seconds)
{
    now_ns += seconds * SECOND;
    publish(LINK_SLOT, shape, (uint64_t[]){1, 0, 0, missed});
    trend_look(trend, now_ns);
}

static void test_the_point_that_grows(void **state)
{
    const struct trend_question question = {.purposes = PURPOSE_LOSS, .points = 1};
    struct shape shape = links_new((const char *[]){"eth0"}, 1);

    (void)state;
    step_missed(&shape, 0);
    publish(LINK_SLOT, &shape, (uint64_t[]){1, 0, 0, 100});
    assert_true(trend_step(trend, now_ns));
    look(&shape, 106, 1);
    look(&shape, 120, 1);
    assert_int_equal(trend_select(trend, &question, lines, ELEMENTS(lines)), 1);
    assert_number(lines[0].count, 20);
    assert_number(lines[0].rate, 10);
    assert_number(lines[0].points[TREND_POINTS - 1], 10);
    assert_number(lines[0].points[TREND_POINTS - 2], 20);
    /* The step finishes it: all that it moved. */
    now_ns += 3 * SECOND;
    step_missed(&shape, 150);
    assert_int_equal(losses(2), 1);
    assert_number(lines[0].count, 150);
    assert_number(lines[0].points[TREND_POINTS - 1], 10);
    shape_done(&shape);
}

/* Main sleeps while nothing happens: so many points are so much time all the same, and what moved meanwhile
 * is in the newest. */
static void test_missed_steps(void **state)
{
    struct shape shape = links_new((const char *[]){"eth0"}, 1);
    struct trend_extent extent;

    (void)state;
    step_missed(&shape, 0);
    now_ns += 2 * TREND_STEP_NS;
    publish(LINK_SLOT, &shape, (uint64_t[]){1, 0, 0, 150});
    now_ns += SECOND; /* late */
    assert_true(trend_step(trend, now_ns));
    assert_false(trend_step(trend, now_ns + TREND_STEP_NS - SECOND - 1));
    trend_extent(trend, &extent);
    assert_int_equal(extent.points, 4);
    assert_int_equal(losses(3), 1);
    assert_number(lines[0].count, 150);
    assert_number(lines[0].rate, 10); /* of the 15 s since the snapshot before */
    assert_number(lines[0].points[TREND_POINTS - 1], 10);
    assert_true(isnan(lines[0].points[TREND_POINTS - 2]));
    now_ns += 1000 * TREND_STEP_NS; /* the machine slept: all is forgotten, and nothing breaks */
    publish(LINK_SLOT, &shape, (uint64_t[]){1, 0, 0, 150});
    assert_true(trend_step(trend, now_ns));
    trend_extent(trend, &extent);
    assert_int_equal(extent.points, TREND_POINTS);
    shape_done(&shape);
}

static void test_whether_anything_moved(void **state)
{
    struct shape shape = links_new((const char *[]){"eth0"}, 1);

    (void)state;
    step_missed(&shape, 7);
    assert_false(trend_moved(trend, PURPOSE_LOSS, TREND_POINTS));
    step_missed(&shape, 8);
    assert_true(trend_moved(trend, PURPOSE_LOSS, 1));
    assert_false(trend_moved(trend, PURPOSE_TRAFFIC, TREND_POINTS));
    for (unsigned i = 1; i < 60; i++) {
        assert_int_equal(trend_moved(trend, PURPOSE_LOSS, 20), i <= 20);
        step_missed(&shape, 8);
    }
    assert_true(trend_moved(trend, PURPOSE_LOSS, TREND_POINTS));
    step_missed(&shape, 8);
    assert_false(trend_moved(trend, PURPOSE_LOSS, TREND_POINTS));
    shape_done(&shape);
}

/* By the time between snapshots, not between steps. */
static void test_the_time_is_the_snapshots(void **state)
{
    struct shape shape = links_new((const char *[]){"eth0"}, 1);

    (void)state;
    publish(LINK_SLOT, &shape, (uint64_t[]){1, 0, 0, 0});
    trend_step(trend, now_ns);
    now_ns += 4 * SECOND;
    publish(LINK_SLOT, &shape, (uint64_t[]){1, 0, 0, 100});
    now_ns += SECOND;
    trend_step(trend, now_ns);
    losses(12);
    assert_number(lines[0].rate, 25);
    /* No new snapshot: nothing known of this step, and the rate stays what it was. */
    now_ns += TREND_STEP_NS;
    trend_step(trend, now_ns);
    assert_int_equal(losses(1), 1);
    assert_number(lines[0].rate, 25);
    assert_true(isnan(lines[0].points[TREND_POINTS - 1]));
    now_ns += 4 * SECOND;
    publish(LINK_SLOT, &shape, (uint64_t[]){1, 0, 0, 200});
    now_ns += SECOND;
    trend_step(trend, now_ns);
    losses(1);
    assert_number(lines[0].rate, 10); /* 100 in the 10 s since the snapshot before it */
    losses(12);
    assert_number(lines[0].count, 200);
    assert_number(lines[0].rate, 200 / 14.0);
    shape_done(&shape);
}

/* A collector with an interval of five minutes: a minute has its share. */
static void test_a_slow_collector(void **state)
{
    const struct trend_question minute = {.purposes = PURPOSE_LOSS, .points = TREND_POINTS_A_MINUTE};
    struct shape shape = links_new((const char *[]){"eth0"}, 1);

    (void)state;
    registry_enable(registry, LINK_SLOT, 300 * SECOND, 0);
    publish(LINK_SLOT, &shape, (uint64_t[]){1, 0, 0, 0});
    for (unsigned i = 0; i < 60; i++, now_ns += TREND_STEP_NS)
        trend_step(trend, now_ns);
    publish(LINK_SLOT, &shape, (uint64_t[]){1, 0, 0, 3000});
    trend_step(trend, now_ns);
    assert_int_equal(trend_select(trend, &minute, lines, ELEMENTS(lines)), 1);
    assert_number(lines[0].rate, 10);
    assert_number(lines[0].count, 600);
    shape_done(&shape);
}

static void test_a_counter_that_goes_back(void **state)
{
    struct shape shape = links_new((const char *[]){"eth0"}, 1);

    (void)state;
    step_missed(&shape, UINT64_MAX - 1000);
    step_missed(&shape, UINT64_MAX - 900);
    step_missed(&shape, 5);
    step_missed(&shape, 55);
    losses(12);
    assert_number(lines[0].count, 150);
    assert_number(lines[0].rate, 15);
    assert_number(lines[0].points[TREND_POINTS - 3], 20);
    assert_true(isnan(lines[0].points[TREND_POINTS - 2]));
    assert_number(lines[0].points[TREND_POINTS - 1], 10);
    shape_done(&shape);
}

static void test_interfaces_come_and_go(void **state)
{
    static const char *const devices[] = {"eth0", "eth1", "eth2"};
    struct shape two = links_new(devices, 2), later = links_new(devices + 1, 2),
                 one = links_new(devices + 1, 1);

    (void)state;
    publish(LINK_SLOT, &two, (uint64_t[]){1, 0, 0, 0, 1, 0, 0, 0});
    trend_step(trend, now_ns);
    now_ns += TREND_STEP_NS;
    publish(LINK_SLOT, &two, (uint64_t[]){1, 0, 0, 50, 1, 0, 0, 100});
    trend_step(trend, now_ns);
    now_ns += TREND_STEP_NS;
    assert_int_equal(losses(12), 2);
    assert_string_equal(lines[0].subject, "eth1");
    assert_string_equal(lines[1].subject, "eth0");

    /* eth0 goes, eth2 comes with counts from elsewhere; eth1 is at another place and keeps what is known. */
    publish(LINK_SLOT, &later, (uint64_t[]){1, 0, 0, 200, 1, 0, 0, 777});
    trend_step(trend, now_ns);
    now_ns += TREND_STEP_NS;
    assert_int_equal(losses(12), 1);
    assert_string_equal(lines[0].subject, "eth1");
    assert_number(lines[0].count, 200);
    publish(LINK_SLOT, &later, (uint64_t[]){1, 0, 0, 200, 1, 0, 0, 780});
    trend_step(trend, now_ns);
    now_ns += TREND_STEP_NS;
    assert_int_equal(losses(12), 2);
    assert_string_equal(lines[1].subject, "eth2");
    assert_number(lines[1].count, 3);

    /* eth1 made anew between two steps: its counters begin again. Then it is alone. */
    publish(LINK_SLOT, &one, (uint64_t[]){1, 0, 0, 4});
    trend_step(trend, now_ns);
    now_ns += TREND_STEP_NS;
    publish(LINK_SLOT, &one, (uint64_t[]){1, 0, 0, 5});
    trend_step(trend, now_ns);
    assert_int_equal(losses(12), 1);
    assert_number(lines[0].count, 201);
    shape_done(&two);
    shape_done(&later);
    shape_done(&one);
}

/* What is lost while nobody looks is not said to be lost now. */
static void test_too_old_a_snapshot(void **state)
{
    struct shape shape = links_new((const char *[]){"eth0"}, 1);
    struct trend_extent extent;

    (void)state;
    step_missed(&shape, 0);
    step_missed(&shape, 10);
    now_ns += 40 * SECOND;
    assert_true(trend_step(trend, now_ns));
    trend_extent(trend, &extent);
    assert_int_equal(extent.devices, 0);
    now_ns += TREND_STEP_NS;
    step_missed(&shape, 100010);
    losses(12);
    assert_number(lines[0].count, 10);
    assert_true(isnan(lines[0].points[TREND_POINTS - 1]));
    step_missed(&shape, 100015);
    losses(12);
    assert_number(lines[0].count, 15);
    trend_extent(trend, &extent);
    shape_done(&shape);
}

static void test_a_collector_restarted_by_a_reload(void **state)
{
    struct shape before = links_new((const char *[]){"eth0"}, 1),
                 after = links_new((const char *[]){"eth0"}, 1);

    (void)state;
    step_missed(&before, 0);
    step_missed(&before, 10);
    step_missed(&after, 30);
    losses(12);
    assert_number(lines[0].count, 30);
    registry_disable(registry, LINK_SLOT);
    trend_step(trend, now_ns);
    now_ns += TREND_STEP_NS;
    registry_enable(registry, LINK_SLOT, SECOND, 30 * SECOND);
    step_missed(&before, 1000);
    losses(12);
    assert_number(lines[0].count, 30);
    shape_done(&before);
    shape_done(&after);
}

static void test_the_ring_wraps(void **state)
{
    struct shape shape = links_new((const char *[]){"eth0"}, 1);
    uint64_t missed = 0;

    (void)state;
    for (unsigned i = 0; i <= 3 * TREND_POINTS; i++)
        step_missed(&shape, missed += i);
    assert_int_equal(losses(TREND_POINTS), 1);
    for (unsigned i = 1; i < TREND_POINTS; i++) /* the one that grows is one of them */
        assert_number(lines[0].points[i], (2 * TREND_POINTS + 1 + i) / 5.0);
    assert_number(lines[0].count, (2 * TREND_POINTS + 2 + 3 * TREND_POINTS) * (TREND_POINTS - 1) / 2.0);
    losses(3);
    assert_number(lines[0].count, 3 * (3 * TREND_POINTS - 1));
    for (unsigned i = 0; i < TREND_POINTS; i++)
        step_missed(&shape, missed);
    assert_int_equal(losses(TREND_POINTS), 0);
    step_missed(&shape, missed + 1);
    assert_int_equal(losses(TREND_POINTS), 1);
    assert_number(lines[0].points[1], 0); /* the record was made anew, and knows that nothing moved */
    shape_done(&shape);
}

static void test_absent_cells(void **state)
{
    struct shape shape = links_new((const char *[]){"eth0"}, 1);

    (void)state;
    step_missed(&shape, 10);
    step_missed(&shape, 20);
    step_missed(&shape, UINT64_MAX);
    step_missed(&shape, 1000);
    step_missed(&shape, 1001);
    losses(12);
    assert_number(lines[0].count, 11);
    shape_done(&shape);
}

static const char *const site_labels[] = {"reason", "function", "class", "device", "netns"};

/* A site's row comes with its first packet; all that it counts is new. */
static void test_drop_sites(void **state)
{
    static const char *const rows[] = {
        "FULL_RING",
        "tun_net_xmit",
        "capacity",
        "tap0",
        "self",
        "TCP_OLD_DATA",
        "tcp_data_queue",
        "benign",
        "eth0",
        "self",
        "",
        "tcp_v4_rcv",
        "error",
        "",
        "",
        "NO_SOCKET",
        "udp_rcv",
        "error",
        "",
        "other",
        "X",
        "not_a_function",
        "strange",
        "",
        "",
        "UDP_CSUM",
        "udp_rcv",
        "error",
        "",
        "self",
    };
    struct shape none = shape_new(site_metrics, 1, site_labels, 5, rows, 0);
    struct shape all = shape_new(site_metrics, 1, site_labels, 5, rows, 6);

    (void)state;
    column_set_unref(all.columns);
    all.columns = column_set_ref(none.columns);
    publish(SITES_SLOT, &none, NULL);
    trend_step(trend, now_ns);
    now_ns += TREND_STEP_NS;
    publish(SITES_SLOT, &all, (uint64_t[]){500, 900, 100, 50, 9, 20});
    trend_step(trend, now_ns);
    now_ns += TREND_STEP_NS;
    assert_int_equal(losses(12), 4);
    assert_string_equal(lines[0].subject, "tap0");
    assert_string_equal(lines[0].cause, "FULL_RING in tun_net_xmit");
    assert_true(lines[0].device);
    assert_number(lines[0].count, 500);
    assert_string_equal(lines[1].subject, "kernel");
    assert_string_equal(lines[1].cause, "in tcp_v4_rcv");
    assert_false(lines[1].device);
    /* A container's loss is not the host's. */
    assert_string_equal(lines[2].subject, "another namespace");
    assert_false(lines[2].device);
    assert_string_equal(lines[3].subject, "host");
    assert_int_equal(select_lines(PURPOSE_OTHER, 12, 8), 1);
    assert_string_equal(lines[0].cause, "TCP_OLD_DATA in tcp_data_queue");
    assert_int_equal(select_lines(PURPOSE_OTHER | PURPOSE_LOSS, 12, 2), 2);
    assert_number(lines[0].count, 900);
    assert_number(lines[1].count, 500);
    /* The source was opened again, and counts from nothing. */
    publish(SITES_SLOT, &all, (uint64_t[]){30, 0, 0, 0, 0, 0});
    trend_step(trend, now_ns);
    losses(1);
    assert_number(lines[0].count, 30);
    shape_done(&none);
    shape_done(&all);
}

static void on_take(void *data, const struct trend_counter *counter)
{
    *(double *)data += counter->count;
}

static bool on_wants(void *data, const struct trend_counter *counter)
{
    (void)data;
    return counter->column->role == ROLE_DROP_SITES;
}

/* Who looks a few times, and makes no step, has what rows counted that came since the first look, once. */
static void test_rows_that_come_before_the_first_step(void **state)
{
    static const char *const rows[] = {"FULL_RING", "tun_net_xmit", "capacity", "tap0", "self"};
    const struct trend_question question = {.points = TREND_POINTS};
    struct shape none = shape_new(site_metrics, 1, site_labels, 5, rows, 0);
    struct shape one = shape_new(site_metrics, 1, site_labels, 5, rows, 1);
    double count = 0;
    const struct trend_visitor visitor = {.wants = on_wants, .take = on_take, .data = &count};

    (void)state;
    column_set_unref(one.columns);
    one.columns = column_set_ref(none.columns);
    publish(SITES_SLOT, &none, NULL);
    trend_look(trend, now_ns);
    for (uint64_t i = 1; i <= 4; i++) {
        now_ns += SECOND;
        publish(SITES_SLOT, &one, (uint64_t[]){100 * i});
        trend_look(trend, now_ns);
    }
    trend_visit(trend, &question, &visitor);
    assert_number(count, 400);
    shape_done(&none);
    shape_done(&one);
}

/* A reload gives rows other labels: what they had counted is not lost anew. What comes after it is. */
static void test_sites_with_other_labels(void **state)
{
    static const char *const old[] = {"FULL_RING", "tun_net_xmit", "capacity", "tap0", "self"};
    static const char *const renamed[] = {"FULL_RING", "tun_net_xmit", "capacity", "", "self"};
    struct shape before = shape_new(site_metrics, 1, site_labels, 5, old, 1);
    struct shape after = shape_new(site_metrics, 1, site_labels, 5, renamed, 1);

    (void)state;
    publish(SITES_SLOT, &before, (uint64_t[]){5000});
    trend_step(trend, now_ns);
    now_ns += TREND_STEP_NS;
    publish(SITES_SLOT, &after, (uint64_t[]){5000});
    trend_step(trend, now_ns);
    now_ns += TREND_STEP_NS;
    assert_int_equal(losses(12), 0);
    publish(SITES_SLOT, &after, (uint64_t[]){5007});
    trend_step(trend, now_ns);
    assert_int_equal(losses(12), 1);
    assert_number(lines[0].count, 7);
    shape_done(&before);
    shape_done(&after);
}

static _Atomic bool reading;

static void *read_on(void *data)
{
    const struct trend_question question = {.purposes = PURPOSE_LOSS, .points = 12};
    struct trend_line *own = calloc(8, sizeof(*own));
    struct trend_extent extent;

    while (atomic_load(&reading)) {
        trend_extent(trend, &extent);
        if (trend_select(trend, &question, own, 8) > 0 && strcmp(own[0].cause, "receive missed") != 0)
            *(bool *)data = false;
    }
    free(own);
    return NULL;
}

/* Readers on another thread, while devices come and go. */
static void test_readers_on_another_thread(void **state)
{
    struct shape shapes[] = {links_new((const char *[]){"a", "b"}, 2), links_new((const char *[]){"b"}, 1)};
    bool consistent = true;
    pthread_t reader;

    (void)state;
    atomic_store(&reading, true);
    assert_int_equal(pthread_create(&reader, NULL, read_on, &consistent), 0);
    for (uint64_t i = 1; i < 500; i++, now_ns += TREND_STEP_NS) {
        publish(LINK_SLOT, &shapes[i / 3 % 2], (uint64_t[]){1, 0, 0, i * 10, 1, 0, 0, i * 10});
        assert_true(trend_step(trend, now_ns));
    }
    atomic_store(&reading, false);
    pthread_join(reader, NULL);
    assert_true(consistent);
    for (size_t i = 0; i < ELEMENTS(shapes); i++)
        shape_done(&shapes[i]);
}

/* More counters that move than there is room for: counted, and room again when they rest. */
static void test_memory_is_bounded(void **state)
{
    enum { DEVICES = TREND_SERIES_MAX + 5, COLUMNS = ELEMENTS(link_metrics) };
    char(*names)[16] = calloc(DEVICES, sizeof(*names));
    const char **devices = calloc(DEVICES, sizeof(*devices));
    uint64_t *values = calloc((size_t)DEVICES * COLUMNS, sizeof(*values));
    struct shape shape;

    (void)state;
    for (size_t i = 0; i < DEVICES; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "eth%zu", i);
        devices[i] = names[i];
    }
    shape = links_new(devices, DEVICES);
    for (unsigned turn = 0; turn < 2; turn++, now_ns += TREND_STEP_NS) {
        for (size_t i = 0; i < DEVICES; i++)
            values[i * COLUMNS + 3] = turn * (i + 1);
        publish(LINK_SLOT, &shape, values);
        trend_step(trend, now_ns);
    }
    assert_int_equal(limits.hits[LIMIT_TREND_SERIES], 5);
    assert_int_equal(losses(12), TREND_LINES_MAX);
    for (size_t i = 0; i + 1 < TREND_LINES_MAX; i++)
        assert_true(lines[i].rate >= lines[i + 1].rate);
    assert_number(lines[0].count, TREND_SERIES_MAX);
    for (unsigned turn = 0; turn < TREND_POINTS; turn++, now_ns += TREND_STEP_NS) {
        publish(LINK_SLOT, &shape, values);
        trend_step(trend, now_ns);
    }
    values[(size_t)DEVICES * COLUMNS - 1] += 3;
    publish(LINK_SLOT, &shape, values);
    trend_step(trend, now_ns);
    assert_int_equal(limits.hits[LIMIT_TREND_SERIES], 5);
    assert_int_equal(losses(12), 1);
    assert_string_equal(lines[0].subject, names[DEVICES - 1]);
    shape_done(&shape);
    free(names);
    free(devices);
    free(values);
}

/* Of a histogram the sum is watched: what was lost, not how often. */
static void test_histograms_count_by_their_sum(void **state)
{
    static const uint64_t bounds[] = {1, 4};
    struct metric metric = known_metric("netdrop_link_receive_missed_total");
    struct shape shape = links_new((const char *[]){"eth0"}, 1);

    (void)state;
    metric.type = METRIC_HISTOGRAM;
    metric.bounds = bounds;
    metric.bound_count = ELEMENTS(bounds);
    column_set_unref(shape.columns);
    assert_int_equal(column_set_new(&metric, 1, &shape.columns), 0);
    for (uint64_t turn = 1; turn <= 3; turn++, now_ns += TREND_STEP_NS) {
        struct snapshot *snapshot = snapshot_new();
        struct table *table = snapshot_add_table(snapshot, shape.columns, shape.rows);

        table_set_histogram(table, 0, 0, (const uint64_t[]){2 * turn, turn, turn}, 1000 * turn);
        registry_begin(registry, LINK_SLOT, now_ns);
        registry_publish(registry, LINK_SLOT, snapshot, now_ns, now_ns);
        snapshot_unref(snapshot);
        assert_true(trend_step(trend, now_ns));
    }
    assert_int_equal(losses(12), 1);
    assert_number(lines[0].count, 2000);
    shape_done(&shape);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_rates_are_exact),
        TEST(test_the_point_that_grows),
        TEST(test_missed_steps),
        TEST(test_whether_anything_moved),
        TEST(test_the_time_is_the_snapshots),
        TEST(test_a_slow_collector),
        TEST(test_a_counter_that_goes_back),
        TEST(test_interfaces_come_and_go),
        TEST(test_too_old_a_snapshot),
        TEST(test_a_collector_restarted_by_a_reload),
        TEST(test_the_ring_wraps),
        TEST(test_absent_cells),
        TEST(test_drop_sites),
        TEST(test_rows_that_come_before_the_first_step),
        TEST(test_sites_with_other_labels),
        TEST(test_histograms_count_by_their_sum),
        TEST(test_readers_on_another_thread),
        TEST(test_memory_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
