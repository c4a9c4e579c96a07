/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose a socket is: names are found once, kept when their cgroup is gone, and looked for only where they are
 * new. */

#include "collectors/sockets/socket_owners.h"

#include "base/clock.h"
#include "collectors/kernel/cgroup_tree.h"
#include "tests/unit/cgroup_lab.h"

struct fixture {
    struct cgroup_lab lab;
    struct limits limits;
    struct socket_owners owners;
    uint64_t now_ns;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    cgroup_lab_make(&fixture->lab);
    assert_int_equal(socket_owners_init(&fixture->owners, fixture->lab.top, &fixture->limits), 0);
    fixture->now_ns = NS_PER_SECOND;
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    socket_owners_done(&fixture->owners);
    if (fixture->lab.top[0])
        cgroup_lab_remove(&fixture->lab, "");
    free(fixture);
    return 0;
}

/* The unit of a socket's cgroup, NULL: it has to wait. */
static const char *owner(struct fixture *fixture, uint64_t id)
{
    struct socket_report report = {.cgroup_id = id, .workload = 99};

    if (!socket_owners_find(&fixture->owners, &report)) {
        assert_int_equal(report.workload, WORKLOAD_NOBODY);
        return NULL;
    }
    return workload_table_get(&fixture->owners.workloads, report.workload)->unit;
}

static void name(struct fixture *fixture)
{
    struct fault fault = {};

    assert_int_equal(socket_owners_name(&fixture->owners, fixture->now_ns, &fault), 0);
    assert_string_equal(fault.text, "");
}

static void test_names_are_found_and_kept(void **state)
{
    struct fixture *fixture = *state;
    uint64_t a, b;

    (void)cgroup_lab_add(&fixture->lab, "system.slice");
    a = cgroup_lab_add(&fixture->lab, "system.slice/a.service");
    b = cgroup_lab_add(&fixture->lab, "system.slice/b.service");
    socket_owners_begin(&fixture->owners);
    assert_null(owner(fixture, a));
    assert_null(owner(fixture, a));
    name(fixture);
    assert_string_equal(owner(fixture, a), ".../a.service");
    cgroup_lab_remove(&fixture->lab, "system.slice/a.service");
    socket_owners_begin(&fixture->owners);
    assert_string_equal(owner(fixture, a), ".../a.service");
    assert_null(owner(fixture, b));
    name(fixture);
    assert_string_equal(owner(fixture, b), ".../b.service");
    assert_string_equal(owner(fixture, a), ".../a.service");
    assert_string_equal(owner(fixture, 0), "");
}

static void test_the_pod_is_no_label(void **state)
{
    static const char pod[] = "kubepods-pod11111111_2222_3333_4444_555555555555.slice";
    struct fixture *fixture = *state;
    struct socket_report report = {.cgroup_id = cgroup_lab_add(&fixture->lab, pod)};

    socket_owners_begin(&fixture->owners);
    assert_false(socket_owners_find(&fixture->owners, &report));
    name(fixture);
    assert_true(socket_owners_find(&fixture->owners, &report));
    assert_string_equal(workload_table_get(&fixture->owners.workloads, report.workload)->pod_uid, "");
}

/* Numbers are never used again: who is not found is looked for once. */
static void test_who_is_gone_is_looked_for_once(void **state)
{
    struct fixture *fixture = *state;

    socket_owners_begin(&fixture->owners);
    assert_null(owner(fixture, UINT64_MAX));
    name(fixture);
    assert_string_equal(owner(fixture, UINT64_MAX), "");
    socket_owners_begin(&fixture->owners);
    assert_string_equal(owner(fixture, UINT64_MAX), "");
    assert_int_equal(fixture->owners.wanted, 0);
}

/* Nothing is known of those that a walk did not come to: they are looked for again, and not at once. */
static void test_a_walk_that_fails(void **state)
{
    struct fixture *fixture = *state;
    uint64_t a = cgroup_lab_add(&fixture->lab, "a.service"), b;
    struct fault fault = {};
    char away[64];

    socket_owners_begin(&fixture->owners);
    assert_null(owner(fixture, a));
    name(fixture);
    b = cgroup_lab_add(&fixture->lab, "b.service");
    (void)snprintf(away, sizeof(away), "%s.away", fixture->lab.top);
    assert_int_equal(rename(fixture->lab.top, away), 0);
    socket_owners_begin(&fixture->owners);
    assert_null(owner(fixture, b));
    assert_int_equal(socket_owners_name(&fixture->owners, fixture->now_ns, &fault), 0);
    assert_non_null(strstr(fault.text, "without names of cgroups"));
    assert_null(owner(fixture, b));
    assert_string_equal(owner(fixture, a), ".../a.service");

    assert_int_equal(rename(away, fixture->lab.top), 0);
    for (unsigned second = 0; second < 60; second++) {
        socket_owners_begin(&fixture->owners);
        assert_null(owner(fixture, b));
        name(fixture);
        assert_null(owner(fixture, b));
        assert_string_equal(owner(fixture, a), ".../a.service");
        fixture->now_ns += NS_PER_SECOND;
    }
    socket_owners_begin(&fixture->owners);
    assert_null(owner(fixture, b));
    name(fixture);
    assert_string_equal(owner(fixture, b), ".../b.service");
}

/* Those without sockets make room; where there is none, the rest is nobody's. */
static void test_more_cgroups_than_are_known(void **state)
{
    struct fixture *fixture = *state;
    uint64_t a = cgroup_lab_add(&fixture->lab, "a.service");

    socket_owners_begin(&fixture->owners);
    assert_null(owner(fixture, a));
    for (uint64_t i = 1; i < CGROUPS_MAX; i++)
        assert_null(owner(fixture, UINT64_MAX - i));
    assert_string_equal(owner(fixture, UINT64_MAX), "");
    assert_int_equal(fixture->limits.hits[LIMIT_CGROUPS], 1);
    name(fixture);
    socket_owners_begin(&fixture->owners); /* all had sockets: all are kept */
    assert_string_equal(owner(fixture, a), ".../a.service");
    assert_string_equal(owner(fixture, UINT64_MAX), "");
    assert_int_equal(fixture->limits.hits[LIMIT_CGROUPS], 2);
    socket_owners_begin(&fixture->owners);
    assert_int_equal(fixture->owners.count, 1);
    assert_string_equal(owner(fixture, a), ".../a.service");
    assert_null(owner(fixture, UINT64_MAX));
}

static void test_more_workloads_than_numbers(void **state)
{
    struct fixture *fixture = *state;
    uint64_t a = cgroup_lab_add(&fixture->lab, "a.service"), b = cgroup_lab_add(&fixture->lab, "b.service");
    uint64_t c;
    bool used[3] = {};

    workload_table_done(&fixture->owners.workloads);
    assert_int_equal(workload_table_init(&fixture->owners.workloads, 3, &fixture->limits), 0);
    socket_owners_begin(&fixture->owners);
    assert_null(owner(fixture, a));
    assert_null(owner(fixture, b));
    name(fixture);
    c = cgroup_lab_add(&fixture->lab, "c.service");
    socket_owners_begin(&fixture->owners);
    assert_string_equal(owner(fixture, a), ".../a.service");
    assert_null(owner(fixture, c));
    name(fixture);
    assert_null(owner(fixture, c));
    assert_true(fixture->owners.workloads.full);

    /* b has no socket, but a row; later it has none of either. */
    used[fixture->owners.known[1].workload] = true;
    socket_owners_keep(&fixture->owners, used);
    fixture->now_ns += 60 * NS_PER_SECOND;
    for (unsigned i = 0; i < 2; i++) {
        socket_owners_begin(&fixture->owners);
        assert_string_equal(owner(fixture, a), ".../a.service");
        assert_null(owner(fixture, c));
        name(fixture);
        memset(used, false, sizeof(used));
        socket_owners_keep(&fixture->owners, used);
        fixture->now_ns += 60 * NS_PER_SECOND;
    }
    assert_string_equal(owner(fixture, c), ".../c.service");
}

/* Without a hierarchy all are nobody's, at once. */
static void test_without_cgroups(void **state)
{
    struct fixture *fixture = *state;

    fixture->owners.mount = NULL;
    socket_owners_begin(&fixture->owners);
    assert_string_equal(owner(fixture, 7), "");
    name(fixture);
}

static void test_reports_wait(void **state)
{
    struct fixture *fixture = *state;
    struct socket_report report = {.cgroup_id = 7, .port = 0};

    socket_owners_begin(&fixture->owners);
    for (report.port = 1; report.port <= 100; report.port++)
        assert_int_equal(socket_owners_wait(&fixture->owners, &report), 0);
    assert_int_equal(fixture->owners.waiting_count, 100);
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(fixture->owners.waiting[i].port, i + 1);
    socket_owners_begin(&fixture->owners);
    assert_int_equal(fixture->owners.waiting_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_names_are_found_and_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_pod_is_no_label, setup, teardown),
        cmocka_unit_test_setup_teardown(test_who_is_gone_is_looked_for_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_walk_that_fails, setup, teardown),
        cmocka_unit_test_setup_teardown(test_more_cgroups_than_are_known, setup, teardown),
        cmocka_unit_test_setup_teardown(test_more_workloads_than_numbers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_without_cgroups, setup, teardown),
        cmocka_unit_test_setup_teardown(test_reports_wait, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
