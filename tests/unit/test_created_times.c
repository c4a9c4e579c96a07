/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Since when rows count: as snapshots tell it that a collector publishes one after another. */

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "daemon/run/registry.h"
#include "tests/unit/unit.h"

#define SECOND NS_PER_SECOND
/* What is realtime at boottime 0, unless the clock is set, and how long a collection takes. */
#define EPOCH INT64_C(1700000000000000000)
#define TAKES (SECOND / 100)
/* No more than that between two readings of the clocks is no change. */
#define MOMENT INT64_C(1000000000)

enum { ROWS = 12, ROUNDS = 300 };

/* How many allocations there were, and the one that fails; -1: none does. */
static int allocations, failing = -1;

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

void *__wrap_calloc(size_t count, size_t size)
{
    return allocations++ == failing ? NULL : __real_calloc(count, size);
}

static const struct metric drops = {
    .name = "drops_total", .help = "Drops", .type = METRIC_COUNTER, .from_zero = true};
static const struct metric others = {
    .name = "others_total", .help = "Others", .type = METRIC_COUNTER, .from_zero = true};
static const struct metric lasting = {
    .name = "lasting_total", .help = "There always", .type = METRIC_COUNTER};

/* What makes realtime of boottime. */
static int64_t offset_ns;
static struct registry *registry;
static struct snapshot *snapshot;
static struct column_set *columns;

static struct column_set *columns_of(const struct metric *metric)
{
    struct column_set *set;

    assert_int_equal(column_set_new(metric, 1, &set), 0);
    return set;
}

static int setup(void **state)
{
    (void)state;
    failing = -1;
    offset_ns = EPOCH;
    snapshot = snapshot_new();
    columns = columns_of(&drops);
    return registry_new(1, &registry);
}

static int teardown(void **state)
{
    (void)state;
    failing = -1;
    snapshot = snapshot_unref(snapshot);
    registry = registry_free(registry);
    columns = column_set_unref(columns);
    return 0;
}

/* A letter for each row. */
static struct row_set *rows_of(const char *letters)
{
    struct row_set *rows;

    assert_int_equal(row_set_new((const char *const[]){"site"}, 1, &rows), 0);
    for (; *letters; letters++)
        assert_true(row_set_add(rows, (const char *const[]){(const char[]){*letters, '\0'}}) >= 0);
    row_set_seal(rows);
    return rows;
}

/* Publishes what was added to the snapshot, collected from that second on, and begins another one. */
static void publish(uint64_t second)
{
    uint64_t end_ns = second * SECOND + TAKES;

    registry_begin(registry, 0, second * SECOND);
    registry_publish(registry, 0, snapshot, end_ns, (uint64_t)offset_ns + end_ns);
    snapshot_unref(snapshot);
    snapshot = snapshot_new();
}

static void add(struct column_set *of, struct row_set *rows)
{
    struct table *table = snapshot_add_table(snapshot, of, rows);

    assert_non_null(table);
    for (size_t i = 0; i < rows->count; i++)
        table_set(table, i, 0, 1);
}

/* The same with one table of these rows. */
static void publish_rows(struct column_set *of, const char *letters, uint64_t second)
{
    struct row_set *rows = rows_of(letters);

    add(of, rows);
    row_set_unref(rows);
    publish(second);
}

/* What is published says of a row since which second it counts; -1: it says nothing. */
static int64_t since(size_t index, size_t row)
{
    struct snapshot *latest = registry_snapshot(registry, 0, 0);
    const struct table *table = &latest->tables[index];
    const struct created *created = table->created;
    int64_t second = created ? (int64_t)(created->ns[row] / SECOND) : -1;

    if (created) {
        assert_int_equal(created->ns[row] % SECOND, 0);
        assert_int_equal(table->created_offset_ns, offset_ns);
    }
    snapshot_unref(latest);
    return second;
}

static void begin_at(uint64_t second)
{
    registry_enable(registry, 0, SECOND, 30 * SECOND);
    assert_int_equal(registry_created(registry), 0);
    registry_begin(registry, 0, second * SECOND); /* to open it */
}

/* Who came since the last snapshot was 0 at its time; who was there at first, since counting began. */
static void test_who_comes(void **state)
{
    (void)state;
    begin_at(7);
    publish_rows(columns, "ab", 10);
    assert_int_equal(since(0, 0), 7);
    publish_rows(columns, "cab", 15);
    assert_int_equal(since(0, 0), 10);
    assert_int_equal(since(0, 1), 7);
    publish_rows(columns, "abcd", 30);
    assert_int_equal(since(0, 1), 7);
    assert_int_equal(since(0, 2), 10);
    assert_int_equal(since(0, 3), 15);
    publish_rows(columns, "", 31);
    publish_rows(columns, "a", 32); /* gone and back: its count began at 0 again */
    assert_int_equal(since(0, 0), 31);
}

/* An attempt that failed showed nothing, and the last one that did not is the snapshot before. */
static void test_failures_between(void **state)
{
    struct fault fault = {};

    (void)state;
    begin_at(7);
    publish_rows(columns, "a", 10);
    registry_begin(registry, 0, 11 * SECOND);
    fault_set(&fault, -EIO, "broken");
    registry_fail(registry, 0, &fault, 12 * SECOND);
    publish_rows(columns, "ab", 13);
    assert_int_equal(since(0, 1), 10);
}

/* Somebody else had counted before we came. */
static void test_counted_before(void **state)
{
    (void)state;
    begin_at(100);
    snapshot->counted_since_ns = 3 * SECOND;
    publish_rows(columns, "a", 110);
    assert_int_equal(since(0, 0), 3);
    snapshot->counted_since_ns = 50 * SECOND; /* of another source, after a reload: rows go on */
    publish_rows(columns, "ab", 120);
    assert_int_equal(since(0, 0), 3);
    assert_int_equal(since(0, 1), 110);
}

/* A collector that was opened anew may call by another name what it had counted: that is not new. */
static void test_another_instance(void **state)
{
    struct column_set *anew = columns_of(&drops);

    (void)state;
    begin_at(7);
    publish_rows(columns, "a", 10);
    publish_rows(columns, "ab", 15);
    publish_rows(anew, "bc", 20);
    assert_int_equal(since(0, 0), 10);
    assert_int_equal(since(0, 1), 7);
    publish_rows(anew, "bcd", 25);
    assert_int_equal(since(0, 2), 20);
    column_set_unref(anew);
}

/* Tables come and go, too; those without rows that do are left alone. */
static void test_tables(void **state)
{
    struct column_set *other = columns_of(&others), *always = columns_of(&lasting);
    struct row_set *a = rows_of("a"), *ab = rows_of("ab");

    (void)state;
    begin_at(7);
    add(always, a);
    add(columns, a);
    publish(10);
    assert_int_equal(since(0, 0), -1);
    assert_int_equal(since(1, 0), 7);
    add(other, a);
    add(columns, ab);
    publish(20);
    assert_int_equal(since(0, 0), 7); /* it may have counted where nobody saw it */
    assert_int_equal(since(1, 1), 10);
    add(columns, ab);
    publish(30);
    add(other, ab);
    publish(40);
    assert_int_equal(since(0, 1), 20); /* when it was last shown */
    row_set_unref(a);
    row_set_unref(ab);
    column_set_unref(other);
    column_set_unref(always);
}

/* There is a bound to how many tables are known; the others have no times. */
static void test_many_tables(void **state)
{
    char name[32];

    (void)state;
    begin_at(7);
    for (uint64_t i = 0; i <= SNAPSHOT_TABLES_MAX; i++) {
        const struct metric metric = {.name = name, .help = "One", .type = METRIC_COUNTER, .from_zero = true};
        struct column_set *set;

        (void)snprintf(name, sizeof(name), "table%u_total", (unsigned)i);
        set = columns_of(&metric);
        publish_rows(set, "a", 10 + i);
        assert_int_equal(since(0, 0), i < SNAPSHOT_TABLES_MAX ? 7 : -1);
        column_set_unref(set);
    }
}

/* The same rows: the same times, and no memory is asked for. */
static void test_steady_state_allocates_nothing(void **state)
{
    struct row_set *rows = rows_of("abc");

    (void)state;
    begin_at(7);
    for (uint64_t second = 10; second < 20; second++) {
        int before;

        add(columns, rows);
        before = allocations;
        registry_begin(registry, 0, second * SECOND);
        registry_publish(registry, 0, snapshot, second * SECOND, (uint64_t)EPOCH + second * SECOND);
        assert_int_equal(allocations - before, second == 10);
        assert_int_equal(since(0, 2), 7);
        snapshot_unref(snapshot);
        snapshot = snapshot_new();
    }
    row_set_unref(rows);
}

/* Without memory there are no times; later they are as of the last snapshot that had some. */
static void test_out_of_memory(void **state)
{
    (void)state;
    begin_at(7);
    publish_rows(columns, "a", 10);
    for (int nth = 0; nth < 2; nth++) { /* the times, and the index of rows */
        struct row_set *rows = rows_of("ab");

        add(columns, rows);
        row_set_unref(rows);
        registry_begin(registry, 0, 20 * SECOND);
        failing = allocations + nth;
        registry_publish(registry, 0, snapshot, 20 * SECOND, (uint64_t)EPOCH + 20 * SECOND);
        failing = -1;
        assert_int_equal(since(0, 0), -1);
        snapshot_unref(snapshot);
        snapshot = snapshot_new();
    }
    publish_rows(columns, "abc", 30);
    assert_int_equal(since(0, 0), 7);
    assert_int_equal(since(0, 1), 10);
    assert_int_equal(since(0, 2), 10);
}

static void test_no_memory_to_begin_with(void **state)
{
    (void)state;
    failing = allocations;
    assert_int_equal(registry_created(registry), -ENOMEM);
}

/* A clock that is set takes all times along, those of rows that were there, too; what is a moment between two
 * readings does not. */
static void test_the_clock_is_set(void **state)
{
    static const int64_t set_to[] = {EPOCH + 3600 * MOMENT, -5 * MOMENT, EPOCH};
    uint64_t second = 20;

    (void)state;
    begin_at(7);
    publish_rows(columns, "a", 10);
    for (size_t i = 0; i < ELEMENTS(set_to); i++, second += 10) {
        offset_ns = set_to[i];
        publish_rows(columns, "ab", second);
        assert_int_equal(since(0, 0), 7);
        assert_int_equal(since(0, 1), 10);
    }
    for (int64_t moment = -MOMENT; moment <= MOMENT; moment += MOMENT / 2, second += 10) {
        offset_ns = EPOCH + moment;
        publish_rows(columns, "abc", second);
        offset_ns = EPOCH;
        assert_int_equal(since(0, 2), 40);
    }
}

/* Nobody asked for times. */
static void test_off(void **state)
{
    (void)state;
    registry_enable(registry, 0, SECOND, 30 * SECOND);
    publish_rows(columns, "a", 10);
    assert_int_equal(since(0, 0), -1);
}

/* Rows come and go at random, in any order. */
static void test_random(void **state)
{
    uint64_t expected[ROWS] = {}, last = 0;
    bool shown[ROWS] = {};

    (void)state;
    srand(unit_seed());
    begin_at(7);
    for (uint64_t second = 10; second < 10 + ROUNDS; second++) {
        char letters[ROWS + 1] = "";
        size_t count = 0, first = (size_t)rand() % ROWS;

        for (size_t i = 0; i < ROWS; i++) {
            size_t row = (first + i) % ROWS;
            bool show = rand() % 4 > 0;

            if (show && !shown[row])
                expected[row] = last ? last : 7;
            shown[row] = show;
            if (show)
                letters[count++] = (char)('a' + row);
        }
        publish_rows(columns, letters, second);
        for (size_t i = 0; i < count; i++)
            assert_int_equal(since(0, i), expected[letters[i] - 'a']);
        last = second;
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_who_comes),
        TEST(test_failures_between),
        TEST(test_counted_before),
        TEST(test_another_instance),
        TEST(test_tables),
        TEST(test_many_tables),
        TEST(test_steady_state_allocates_nothing),
        TEST(test_out_of_memory),
        TEST(test_no_memory_to_begin_with),
        TEST(test_the_clock_is_set),
        TEST(test_off),
        TEST(test_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
