/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The registry: states as they are computed for a moment, snapshots that grow too old, slots that come and
 * go. */

#include <errno.h>

#include "base/clock.h"
#include "daemon/run/registry.h"
#include "daemon/run/snapshots.h"
#include "tests/unit/unit.h"

#define SECOND NS_PER_SECOND

static struct registry *registry;
static struct snapshot *snapshot;

static int setup(void **state)
{
    (void)state;
    snapshot = snapshot_new();
    return registry_new(2, &registry);
}

static int teardown(void **state)
{
    (void)state;
    registry = registry_free(registry);
    snapshot = snapshot_unref(snapshot);
    return 0;
}

static struct collector_health health_at(uint64_t now_ns)
{
    struct collector_health health;

    registry_health(registry, 0, now_ns, &health);
    return health;
}

static bool served_at(uint64_t now_ns)
{
    struct snapshot *served = registry_snapshot(registry, 0, now_ns);

    snapshot_unref(served);
    return served != NULL;
}

static void fail_at(uint64_t now_ns, bool unsupported)
{
    struct fault fault = {};

    if (unsupported)
        fault_unsupported(&fault, "not here");
    else
        fault_set(&fault, -EIO, "broken %d", 7);
    registry_fail(registry, 0, &fault, now_ns);
}

/* Who follows is told of another state, or another choice, and of nothing else. */
static void test_follower(void **state)
{
    struct bell bell;

    (void)state;
    assert_int_equal(bell_init(&bell), 0);
    registry_follower(registry, &bell);
    registry_enable(registry, 0, SECOND, 30 * SECOND);
    for (uint64_t at = 10; at < 30; at++) {
        bool failing = at >= 15 && at < 18, unsupported = at >= 20 && at < 22;

        registry_begin(registry, 0, at * SECOND);
        if (failing || unsupported)
            fail_at(at * SECOND, unsupported);
        else
            registry_publish(registry, 0, snapshot, at * SECOND, SECOND);
        assert_int_equal(bell_heard(&bell), at == 10 || at == 15 || at == 18 || at == 20 || at == 22);
    }
    registry_begin(registry, 0, 30 * SECOND);
    registry_publish(registry, 0, snapshot, 40 * SECOND, SECOND);
    assert_true(bell_heard(&bell)); /* it was stuck */
    registry_note(registry, 0, "by bpf");
    assert_true(bell_heard(&bell));
    registry_note(registry, 0, "by bpf");
    assert_false(bell_heard(&bell));
    registry_follower(registry, NULL);
    bell_done(&bell);
}

/* What a collector says when it opens stays until it says another thing; an errno only as long as it fails.
 */
static void test_what_it_said(void **state)
{
    (void)state;
    registry_enable(registry, 0, SECOND, 30 * SECOND);
    assert_string_equal(health_at(SECOND).note, "");
    registry_note(registry, 0, "by bpf");
    registry_begin(registry, 0, SECOND);
    fail_at(SECOND, false);
    assert_int_equal(health_at(SECOND).error, -EIO);
    assert_string_equal(health_at(SECOND).reason, "broken 7");
    registry_begin(registry, 0, 2 * SECOND);
    registry_publish(registry, 0, snapshot, 2 * SECOND, 1);
    assert_int_equal(health_at(2 * SECOND).error, 0);
    assert_string_equal(health_at(2 * SECOND).note, "by bpf");
    registry_note(registry, 0, "");
    assert_string_equal(health_at(2 * SECOND).note, "");
}

static void test_disabled_until_enabled(void **state)
{
    (void)state;
    assert_false(health_at(SECOND).enabled);
    registry_enable(registry, 0, SECOND, 30 * SECOND);
    assert_true(health_at(SECOND).enabled);
    assert_int_equal(health_at(SECOND).state, COLLECTOR_STARTING);
    assert_false(served_at(SECOND));
}

static void test_success_then_failure(void **state)
{
    (void)state;
    registry_enable(registry, 0, SECOND, 30 * SECOND);
    registry_begin(registry, 0, 10 * SECOND);
    registry_publish(registry, 0, snapshot, 10 * SECOND + 5, 1234);
    assert_int_equal(health_at(11 * SECOND).state, COLLECTOR_OK);
    assert_int_equal(health_at(11 * SECOND).duration_ns, 5);
    assert_int_equal(health_at(11 * SECOND).success_ns, 1234);
    assert_int_equal(health_at(11 * SECOND).busy_ns, 0);
    assert_true(served_at(11 * SECOND));
    registry_begin(registry, 0, 11 * SECOND);
    fail_at(12 * SECOND, false);
    assert_int_equal(health_at(12 * SECOND).state, COLLECTOR_FAILING);
    assert_int_equal(health_at(12 * SECOND).failures, 1);
    assert_string_equal(health_at(12 * SECOND).reason, "broken 7");
    assert_true(served_at(12 * SECOND)); /* a hiccup takes nothing off the page */
    registry_begin(registry, 0, 13 * SECOND);
    registry_publish(registry, 0, snapshot, 13 * SECOND, 5678);
    assert_int_equal(health_at(13 * SECOND).state, COLLECTOR_OK);
    assert_int_equal(health_at(13 * SECOND).failures, 1);
    assert_string_equal(health_at(13 * SECOND).reason, "");
}

static void test_too_old_is_not_served(void **state)
{
    (void)state;
    registry_enable(registry, 0, SECOND, 30 * SECOND);
    registry_begin(registry, 0, 100 * SECOND);
    snapshot_limit(snapshot, 40, 100);
    snapshot_limit(snapshot, 9, 10); /* the nearest */
    snapshot_limit(snapshot, 800, 1000);
    registry_publish(registry, 0, snapshot, 100 * SECOND, 1);
    assert_true(served_at(130 * SECOND));
    assert_false(served_at(130 * SECOND + 1));
    assert_int_equal(health_at(130 * SECOND).state, COLLECTOR_OK);
    assert_int_equal(health_at(130 * SECOND + 1).state, COLLECTOR_STALE);
    assert_int_equal(health_at(130 * SECOND).limited, 9);
    assert_int_equal(health_at(130 * SECOND).limit, 10);
    assert_int_equal(health_at(130 * SECOND + 1).series, 0);
    assert_int_equal(health_at(130 * SECOND + 1).limit, 0);
}

static void test_three_intervals_are_granted(void **state)
{
    (void)state;
    registry_enable(registry, 0, 60 * SECOND, 30 * SECOND);
    registry_begin(registry, 0, 0 + SECOND);
    registry_publish(registry, 0, snapshot, SECOND, 1);
    assert_true(served_at(181 * SECOND));
    assert_false(served_at(181 * SECOND + 1));
}

static void test_hang_shows_while_it_lasts(void **state)
{
    (void)state;
    registry_enable(registry, 0, 10 * SECOND, 300 * SECOND);
    registry_begin(registry, 0, 100 * SECOND);
    assert_int_equal(health_at(101 * SECOND).busy_ns, SECOND);
    assert_int_equal(health_at(105 * SECOND - 1).state, COLLECTOR_STARTING);
    assert_int_equal(health_at(105 * SECOND).state, COLLECTOR_STUCK); /* however long its interval */
    assert_int_equal(health_at(130 * SECOND).busy_ns, 30 * SECOND);
    registry_publish(registry, 0, snapshot, 131 * SECOND, 1);
    assert_int_equal(health_at(131 * SECOND).state, COLLECTOR_OK);
    assert_int_equal(health_at(131 * SECOND).duration_ns, 31 * SECOND);
    /* A reader whose clock reading is older than the writer's sees no negative time. */
    registry_begin(registry, 0, 140 * SECOND);
    assert_int_equal(health_at(139 * SECOND).busy_ns, 0);
    registry_idle(registry, 0);
    assert_int_equal(health_at(999 * SECOND).busy_ns, 0);
}

static void test_short_intervals_are_stuck_after_five_seconds(void **state)
{
    (void)state;
    registry_enable(registry, 0, SECOND / 10, 30 * SECOND);
    registry_begin(registry, 0, 100 * SECOND);
    assert_int_equal(health_at(105 * SECOND - 1).state, COLLECTOR_STARTING);
    assert_int_equal(health_at(105 * SECOND).state, COLLECTOR_STUCK);
}

static void test_unsupported_is_no_failure(void **state)
{
    (void)state;
    registry_enable(registry, 0, SECOND, 30 * SECOND);
    registry_begin(registry, 0, SECOND);
    fail_at(SECOND, true);
    assert_int_equal(health_at(2 * SECOND).state, COLLECTOR_UNSUPPORTED);
    assert_int_equal(health_at(2 * SECOND).failures, 0);
    assert_string_equal(health_at(2 * SECOND).reason, "not here");
}

static void test_disable_leaves_the_page_at_once(void **state)
{
    uint64_t generation;

    (void)state;
    registry_enable(registry, 0, SECOND, 30 * SECOND);
    registry_begin(registry, 0, SECOND);
    registry_publish(registry, 0, snapshot, SECOND, 1);
    generation = registry_generation(registry);
    registry_begin(registry, 0, 2 * SECOND);
    registry_disable(registry, 0);
    assert_true(registry_generation(registry) > generation);
    assert_false(served_at(2 * SECOND));
    registry_publish(registry, 0, snapshot, 3 * SECOND, 1); /* what was under way then is not shown */
    assert_false(served_at(3 * SECOND));
    registry_enable(registry, 0, SECOND, 30 * SECOND);
    assert_int_equal(health_at(4 * SECOND).state, COLLECTOR_STARTING);
}

static void test_new_times_keep_the_snapshot(void **state)
{
    (void)state;
    registry_enable(registry, 0, SECOND, 30 * SECOND);
    registry_begin(registry, 0, SECOND);
    registry_publish(registry, 0, snapshot, SECOND, 1);
    registry_enable(registry, 0, 2 * SECOND, 10 * SECOND);
    assert_true(served_at(11 * SECOND));
    assert_false(served_at(11 * SECOND + 1));
}

static struct table *add_table(struct snapshot *to, enum role role)
{
    const struct metric metrics[] = {{.name = "a", .help = "-"}, {.name = "b", .help = "-", .role = role}};
    _cleanup_(row_set_unrefp) struct row_set *rows = NULL;
    struct column_set *columns;
    struct table *table;

    assert_int_equal(row_set_new_single(&rows), 0);
    assert_int_equal(column_set_new(metrics, ELEMENTS(metrics), &columns), 0);
    table = snapshot_add_table(to, columns, rows);
    column_set_unref(columns);
    assert_non_null(table);
    return table;
}

/* Past slots without a snapshot, and snapshots without a table. */
static void test_walk_over_all_tables(void **state)
{
    struct snapshots all = {.count = 6,
                            .items = {[1] = snapshot_new(), [3] = snapshot_new(), [4] = snapshot_new()}};
    const struct table *tables[] = {add_table(all.items[1], ROLE_NONE), add_table(all.items[1], ROLE_PEERS),
                                    add_table(all.items[4], ROLE_DEVICES),
                                    add_table(all.items[4], ROLE_PEERS)};
    struct table_walk walk = table_walk_begin(&all);
    size_t column = 7;

    (void)state;
    for (size_t i = 0; i < ELEMENTS(tables); i++)
        assert_ptr_equal(table_walk_next(&walk), tables[i]);
    assert_null(table_walk_next(&walk));
    assert_null(table_walk_next(&walk));
    walk = table_walk_begin(&all);
    assert_null(table_walk_role(&walk, ROLE_DROP_SITES, &column));
    assert_null(snapshots_find_role(&all, ROLE_DROP_SITES, &column));
    assert_int_equal(column, 7);
    walk = table_walk_begin(&all);
    assert_ptr_equal(table_walk_role(&walk, ROLE_PEERS, &column), tables[1]);
    assert_int_equal(column, 1);
    assert_ptr_equal(table_walk_role(&walk, ROLE_PEERS, &column), tables[3]);
    assert_null(table_walk_role(&walk, ROLE_PEERS, &column));
    assert_ptr_equal(snapshots_find_role(&all, ROLE_PEERS, &column), tables[1]);
    snapshots_done(&all);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_disabled_until_enabled),
        TEST(test_success_then_failure),
        TEST(test_too_old_is_not_served),
        TEST(test_three_intervals_are_granted),
        TEST(test_hang_shows_while_it_lasts),
        TEST(test_short_intervals_are_stuck_after_five_seconds),
        TEST(test_unsupported_is_no_failure),
        TEST(test_disable_leaves_the_page_at_once),
        TEST(test_new_times_keep_the_snapshot),
        TEST(test_what_it_said),
        TEST(test_follower),
        TEST(test_walk_over_all_tables),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
