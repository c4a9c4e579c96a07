/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of workloads: rows, what stands for those that have none, and that nothing is ever lost of a sum.
 */

#include "collectors/drops/drop_workloads.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "tests/unit/unit.h"

enum { ROWS = 16 };

struct fixture {
    struct limits limits;
    struct drop_workloads table;
};

static bool exists_never(const char *cgroup, void *data)
{
    (void)cgroup;
    (void)data;
    return false;
}

static bool exists_always(const char *cgroup, void *data)
{
    size_t *looked = data;

    (void)cgroup;
    ++*looked;
    return true;
}

static void setup(struct fixture *fixture, bool detail)
{
    *fixture = (struct fixture){};
    assert_int_equal(drop_workloads_init(&fixture->table, ROWS, detail, &fixture->limits), 0);
    fixture->table.exists = exists_never;
}

static struct drop_workload_labels labels_of(const char *unit, enum loss_class loss_class)
{
    struct drop_workload_labels labels = {.loss_class = loss_class, .netns = DROP_NETNS_SELF};

    (void)snprintf(labels.who.unit, sizeof(labels.who.unit), "%s", unit);
    strcpy(labels.reason, "NO_SOCKET");
    return labels;
}

static void add(struct fixture *fixture, const char *unit, const char *path, uint64_t count)
{
    const struct drop_workload_labels labels = labels_of(unit, LOSS_ERROR);

    drop_workloads_add(&fixture->table, &labels, path, count);
}

/* Of all there is, whatever became of it. */
static uint64_t sum(const struct drop_workloads *table)
{
    uint64_t found = 0;

    for (size_t i = 0; i < table->count; i++)
        found += table->items[i].count;
    for (unsigned loss_class = 0; loss_class < LOSS_CLASS_COUNT; loss_class++) {
        found += table->forgotten[loss_class];
        for (unsigned unowned = 0; unowned < DROP_UNOWNED_COUNT; unowned++)
            found += table->unowned[unowned][loss_class];
    }
    return found;
}

static void test_rows(void **state)
{
    struct fixture fixture;
    struct drop_workload_labels labels = labels_of("a.service", LOSS_CAPACITY);

    (void)state;
    setup(&fixture, false);
    add(&fixture, "a.service", "/system.slice/a.service", 3);
    add(&fixture, "a.service", "/system.slice/a.service/below", 4);
    strcpy(labels.reason, "SOCKET_RCVBUFF");
    drop_workloads_add(&fixture.table, &labels, "/system.slice/a.service", 5);
    assert_int_equal(fixture.table.count, 2); /* a class each, and no reasons */
    assert_int_equal(fixture.table.items[0].count, 7);
    assert_string_equal(fixture.table.items[0].labels.reason, "");
    assert_int_equal(sum(&fixture.table), 12);
    drop_workloads_done(&fixture.table);
}

static void test_detail(void **state)
{
    struct fixture fixture;
    struct drop_workload_labels labels = labels_of("a.service", LOSS_ERROR);

    (void)state;
    setup(&fixture, true);
    add(&fixture, "a.service", "/system.slice/a.service", 3);
    strcpy(labels.reason, "UDP_CSUM");
    drop_workloads_add(&fixture.table, &labels, "/system.slice/a.service", 5);
    labels.netns = DROP_NETNS_OTHER;
    drop_workloads_add(&fixture.table, &labels, "/system.slice/a.service", 5);
    assert_int_equal(fixture.table.count, 3);
    drop_workloads_done(&fixture.table);
}

/* What the labels stand for, not what a workload makes below it. */
static void test_paths(void **state)
{
    static const char id[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    struct drop_workload_labels labels = labels_of("kubepods.slice", LOSS_ERROR);
    struct fixture fixture;

    (void)state;
    setup(&fixture, false);
    add(&fixture, "a.service", "/system.slice/a.service/payload/x", 1);
    add(&fixture, "user@1.service/b.service", "/user.slice/user@1.service/app.slice/b.service/x", 1);
    add(&fixture, "-.slice", "", 1);
    add(&fixture, "user.slice", "/user.slice/session-1.scope", 1);
    strcpy(labels.who.container_id, id);
    drop_workloads_add(
        &fixture.table, &labels,
        "/kubepods.slice/x/cri-containerd-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.scope/init",
        1);
    assert_string_equal(fixture.table.items[0].cgroup, "/system.slice/a.service");
    assert_string_equal(fixture.table.items[1].cgroup, "/user.slice/user@1.service/app.slice/b.service");
    assert_string_equal(fixture.table.items[2].cgroup, "");
    assert_string_equal(fixture.table.items[3].cgroup, "/user.slice");
    assert_string_equal(
        fixture.table.items[4].cgroup,
        "/kubepods.slice/x/cri-containerd-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.scope");
    drop_workloads_done(&fixture.table);
}

/* A hundred thousand units come and go: rows are bounded, and each drop is somewhere. */
static void test_row_69_units_that_come_and_go(void **state)
{
    struct fixture fixture;
    uint64_t made = 0;
    char unit[32], path[64];

    (void)state;
    setup(&fixture, false);
    for (unsigned i = 0; i < 100000; i++) {
        (void)snprintf(unit, sizeof(unit), "u%u.service", i);
        (void)snprintf(path, sizeof(path), "/system.slice/u%u.service", i);
        add(&fixture, unit, path, 1 + i % 7);
        made += 1 + i % 7;
        if (i % 5 == 0) {
            fixture.table.now_ns++;
            add(&fixture, "living.service", "/system.slice/living.service", 1);
            made++;
        }
        assert_true(fixture.table.count <= ROWS);
        assert_int_equal(sum(&fixture.table), made);
    }
    assert_true(fixture.table.forgotten[LOSS_ERROR] > 0);
    assert_int_equal(fixture.table.unowned[DROP_UNOWNED_OTHER][LOSS_ERROR], 0);
    drop_workloads_done(&fixture.table);
}

/* Who is there keeps the row. */
static void test_full_of_who_is_there(void **state)
{
    struct fixture fixture;
    size_t looked = 0;
    char unit[32];

    (void)state;
    setup(&fixture, false);
    fixture.table.exists = exists_always;
    fixture.table.exists_data = &looked;
    for (unsigned i = 0; i < 10 * ROWS; i++) {
        (void)snprintf(unit, sizeof(unit), "u%u.service", i);
        fixture.table.now_ns += NS_PER_SECOND;
        add(&fixture, unit, "/x", 10);
    }
    /* Where all are there, they are looked for once in a while, however often there are drops. */
    assert_int_equal(looked, (9 * ROWS + 49) / 50 * ROWS);
    assert_int_equal(fixture.table.count, ROWS);
    assert_int_equal(fixture.table.unowned[DROP_UNOWNED_OTHER][LOSS_ERROR], 10 * 9 * ROWS);
    assert_int_equal(fixture.limits.hits[LIMIT_WORKLOADS], 9 * ROWS);
    assert_int_equal(sum(&fixture.table), 10 * 10 * ROWS);
    drop_workloads_done(&fixture.table);
}

static bool exists_living(const char *cgroup, void *data)
{
    size_t *looked = data;

    ++*looked;
    return strstr(cgroup, "living") != NULL;
}

/* A workload that is gone makes room. The table looks for such once in a while, if more than half of the rows
 * are taken. */
static void test_who_stays(void **state)
{
    struct fixture fixture;
    size_t looked = 0;
    char unit[32];

    (void)state;
    setup(&fixture, false);
    fixture.table.exists = exists_living;
    fixture.table.exists_data = &looked;
    for (unsigned i = 0; i < ROWS / 2; i++) {
        (void)snprintf(unit, sizeof(unit), "u%u.service", i);
        add(&fixture, unit, "/gone", 1);
    }
    assert_int_equal(drop_workloads_staying(&fixture.table), ROWS / 2);
    assert_int_equal(looked, 0);
    add(&fixture, "a.service", "/living", 1);
    assert_int_equal(drop_workloads_staying(&fixture.table), 1);
    add(&fixture, "u0.service", "/gone", 1); /* it is there again, as far as is known */
    assert_int_equal(drop_workloads_staying(&fixture.table), 2);
    assert_int_equal(looked, ROWS / 2 + 1);
    fixture.table.now_ns += 50 * NS_PER_SECOND;
    assert_int_equal(drop_workloads_staying(&fixture.table), 1);
    assert_int_equal(looked, 2 * (ROWS / 2 + 1));
    fixture.table.now_ns += 50 * NS_PER_SECOND;
    fixture.table.exists = NULL; /* nobody can tell any more */
    assert_int_equal(drop_workloads_staying(&fixture.table), 1);
    drop_workloads_done(&fixture.table);
}

static void test_merge(void **state)
{
    struct fixture fixture, from;

    (void)state;
    setup(&fixture, false);
    setup(&from, true);
    add(&from, "a.service", "/a.service", 3);
    add(&from, "b.service", "/b.service", 4);
    add(&fixture, "b.service", "/b.service", 1);
    drop_workloads_add_unowned(&from.table, DROP_UNOWNED_NONE, LOSS_POLICY, 5);
    from.table.forgotten[LOSS_BENIGN] = 6;
    drop_workloads_merge(&fixture.table, &from.table);
    assert_int_equal(fixture.table.count, 2);
    assert_int_equal(fixture.table.items[0].count, 5);
    assert_int_equal(sum(&fixture.table), 19);
    drop_workloads_done(&fixture.table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_detail),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_row_69_units_that_come_and_go),
        cmocka_unit_test(test_full_of_who_is_there),
        cmocka_unit_test(test_who_stays),
        cmocka_unit_test(test_merge),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
