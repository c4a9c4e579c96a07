/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The softnet collector on a /proc of our own making: kernels old and new, CPUs that come and go, counters
 * that wrap. */

#include <errno.h>

#include "collectors/softnet/softnet.h"
#include "tests/unit/proc_lab.h"

#define STAT "self/net/softnet_stat"

static int setup(void **state)
{
    return proc_lab_setup(state, &softnet_collector);
}

/* A line of softnet_stat for each CPU that is named, with its `dropped`, in the columns of Linux 5.10. */
struct cpu {
    unsigned cpu;
    unsigned dropped;
};

static void write_cpus(struct proc_lab *lab, const struct cpu *cpus, size_t count)
{
    char text[1024] = "", *at = text;

    for (size_t i = 0; i < count; i++)
        at += sprintf(at, "%08x %08x 0 0 0 0 0 0 0 0 0 0 %08x\n", 100U, cpus[i].dropped, cpus[i].cpu);
    proc_lab_write(lab, STAT, text);
}

#define WRITE_CPUS(lab, ...)                                                                                 \
    write_cpus(lab, (const struct cpu[]){__VA_ARGS__}, ELEMENTS(((const struct cpu[]){__VA_ARGS__})))

static bool shows_dropped(struct proc_lab *lab, unsigned sum)
{
    char line[128];

    assert_int_equal(proc_lab_collect(lab), 0);
    (void)snprintf(line, sizeof(line), "netdrop_softnet_dropped_total %u", sum);
    return proc_lab_has(lab, line);
}

/* Where the service may not open the limits: by descriptors that came from outside, as of now. */
static void test_limits_handed_over(void **state)
{
    static const char *const names[] = {"sys/net/core/netdev_max_backlog", "sys/net/core/netdev_budget"};
    _cleanup_(handover_done) struct handover handover = {};
    struct proc_lab *lab = *state;
    char path[128];

    WRITE_CPUS(lab, {0, 1});
    for (size_t i = 0; i < ELEMENTS(names); i++)
        proc_lab_write(lab, names[i], "1000\n");
    assert_int_equal(softnet_collector.open_privileged(&lab->context, &handover, &lab->fault), 0);
    for (size_t i = 0; i < ELEMENTS(names); i++) {
        proc_lab_write(lab, names[i], "1234\n");
        assert_int_equal(unlink(proc_lab_path(lab, names[i], path)), 0);
    }
    assert_int_equal(proc_lab_open(lab), 0);
    assert_true(shows_dropped(lab, 1));
    assert_false(proc_lab_mentions(lab, "_packets 1234"));
    proc_lab_close(lab);
    lab->context.handover = &handover;
    assert_int_equal(proc_lab_open(lab), 0);
    assert_true(shows_dropped(lab, 1));
    assert_true(proc_lab_has(lab, "netdrop_softnet_backlog_limit_packets 1234"));
    assert_true(proc_lab_has(lab, "netdrop_softnet_budget_packets 1234"));
    proc_lab_close(lab); /* which leaves something in the hand-over */
}

static void test_kernels(void **state)
{
    static const char *const versions[] = {"4.19", "5.10", "6.1", "6.12", "6.18"};
    struct proc_lab *lab = *state;

    proc_lab_set(lab, "per_cpu", "true");
    for (size_t i = 0; i < ELEMENTS(versions); i++) {
        bool names_cpus = i > 0;

        proc_lab_use_fixture(lab, versions[i]);
        assert_int_equal(proc_lab_collect(lab), 0);
        assert_true(proc_lab_has(lab, "netdrop_softnet_processed_total 3")); /* modulo 2^32 */
        assert_true(proc_lab_has(lab, "netdrop_softnet_dropped_total 17"));
        assert_true(proc_lab_has(lab, "netdrop_softnet_times_squeezed_total 34"));
        assert_true(proc_lab_has(lab, "netdrop_softnet_flow_limit_total 68"));
        assert_true(proc_lab_has(lab, "netdrop_softnet_backlog_limit_packets 1000"));
        assert_true(proc_lab_has(lab, "netdrop_softnet_budget_packets 300"));
        assert_int_equal(snapshot_series(lab->draft), names_cpus ? 14 : 6);
        assert_int_equal(proc_lab_has(lab, "netdrop_softnet_cpu_processed_total{cpu=\"0\"} 4294967294"),
                         names_cpus);
        assert_int_equal(proc_lab_has(lab, "netdrop_softnet_cpu_flow_limit_total{cpu=\"2\"} 64"), names_cpus);
        assert_false(proc_lab_mentions(lab, "cpu=\"1\""));
        proc_lab_close(lab);
    }
}

/* Before 3.11 nothing counts the flow limit: no 0 in its place. */
static void test_no_flow_limit(void **state)
{
    struct proc_lab *lab = *state;

    proc_lab_write(lab, STAT, "1 2 3 0 0 0 0 0 0 9\n4 5 6 0 0 0 0 0 0 9\n");
    assert_int_equal(proc_lab_open(lab), 0);
    assert_true(shows_dropped(lab, 7));
    assert_false(proc_lab_mentions(lab, "flow_limit"));
    assert_int_equal(snapshot_series(lab->draft), 3); /* no sysctl either */
}

static void test_cpus_only_when_asked_for(void **state)
{
    struct proc_lab *lab = *state;

    proc_lab_use_fixture(lab, "6.18");
    assert_int_equal(proc_lab_collect(lab), 0);
    assert_int_equal(snapshot_series(lab->draft), 6);
    assert_false(proc_lab_mentions(lab, "cpu=\""));
}

/* The sum wraps by 2^32 when its terms have, and never steps back by what they still hold. */
static void test_wraps(void **state)
{
    struct proc_lab *lab = *state;

    WRITE_CPUS(lab, {0, 0xfffffff0}, {1, 0x80000000});
    assert_int_equal(proc_lab_open(lab), 0);
    assert_true(shows_dropped(lab, 0x7ffffff0));
    WRITE_CPUS(lab, {0, 0x10}, {1, 0x80000000}); /* 0x20 more */
    assert_true(shows_dropped(lab, 0x80000010));
    WRITE_CPUS(lab, {0, 0x10}, {1, 0xfffffff8});
    assert_true(shows_dropped(lab, 8));
}

static void test_cpus_come_and_go(void **state)
{
    struct proc_lab *lab = *state;

    proc_lab_set(lab, "per_cpu", "true");
    WRITE_CPUS(lab, {0, 1}, {1, 20}, {2, 300});
    assert_int_equal(proc_lab_open(lab), 0);
    assert_true(shows_dropped(lab, 321));
    assert_true(proc_lab_has(lab, "netdrop_softnet_cpu_dropped_total{cpu=\"1\"} 20"));
    WRITE_CPUS(lab, {0, 2}, {2, 300}); /* what CPU 1 lost stays lost */
    assert_true(shows_dropped(lab, 322));
    assert_false(proc_lab_mentions(lab, "cpu=\"1\""));
    WRITE_CPUS(lab, {0, 2});
    assert_true(shows_dropped(lab, 322));
    WRITE_CPUS(lab, {0, 2}, {1, 25}, {2, 300}, {7, 4000});
    assert_true(shows_dropped(lab, 4327));
    assert_true(proc_lab_has(lab, "netdrop_softnet_cpu_dropped_total{cpu=\"1\"} 25"));
    assert_true(proc_lab_has(lab, "netdrop_softnet_cpu_dropped_total{cpu=\"7\"} 4000"));
    assert_false(proc_lab_mentions(lab, "cpu=\"3\""));
}

/* One CPU less, and nothing says which: none is remembered in place of another. */
static void test_cpus_without_names(void **state)
{
    struct proc_lab *lab = *state;

    proc_lab_write(lab, STAT, "1 1 0 0 0 0 0 0 0 0 0\n1 14 0 0 0 0 0 0 0 0 0\n");
    assert_int_equal(proc_lab_open(lab), 0);
    assert_true(shows_dropped(lab, 21));
    proc_lab_write(lab, STAT, "1 14 0 0 0 0 0 0 0 0 0\n");
    assert_true(shows_dropped(lab, 20));
}

static void test_missing(void **state)
{
    struct proc_lab *lab = *state;

    assert_int_equal(proc_lab_open(lab), -EOPNOTSUPP);
    assert_true(lab->fault.unsupported);
    assert_non_null(strstr(lab->fault.text, "no /tmp/"));
    assert_non_null(strstr(lab->fault.text, "/self/net/softnet_stat"));
}

static void test_malformed(void **state)
{
    static const char *const texts[] = {
        "",
        "what is this\n",
        "1 2 3 0 0 0 0 0 0 0 0\n1 2 3\n",
        "1 2 3 0 0 0 0 0 0 0 0 0 1\n1 2 3 0 0 0 0 0 0 0 0 0 0\n", /* a CPU before the one before */
        "1 2 3 0 0 0 0 0 0 0 0 0 1\n1 2 3 0 0 0 0 0 0 0 0 0 1\n",
        "1 2 3 0 0 0 0 0 0 0 0 0 ffffffff\n",
    };
    struct proc_lab *lab = *state;

    WRITE_CPUS(lab, {0, 1});
    assert_int_equal(proc_lab_open(lab), 0);
    for (size_t i = 0; i < ELEMENTS(texts); i++) {
        proc_lab_write(lab, STAT, texts[i]);
        assert_int_equal(proc_lab_collect(lab), -EBADMSG);
        assert_false(lab->fault.unsupported);
        assert_non_null(strstr(lab->fault.text, "softnet_stat: not one line for each CPU"));
    }
    WRITE_CPUS(lab, {0, 2});
    assert_true(shows_dropped(lab, 2));
}

/* No sysctl, or none that is a number: no gauge, and nothing else is missed. */
static void test_sysctls(void **state)
{
    struct proc_lab *lab = *state;

    WRITE_CPUS(lab, {0, 1});
    proc_lab_write(lab, "sys/net/core/netdev_budget", "-1\n");
    assert_int_equal(proc_lab_open(lab), 0);
    assert_true(shows_dropped(lab, 1));
    assert_int_equal(snapshot_series(lab->draft), 4);
    proc_lab_write(lab, "sys/net/core/netdev_budget", "600\n");
    proc_lab_write(lab, "sys/net/core/netdev_max_backlog", "1\n");
    assert_true(shows_dropped(lab, 1));
    assert_true(proc_lab_has(lab, "netdrop_softnet_budget_packets 600"));
    assert_true(proc_lab_has(lab, "netdrop_softnet_backlog_limit_packets 1"));
}

static void test_steady_state_allocates_nothing(void **state)
{
    struct proc_lab *lab = *state;

    proc_lab_set(lab, "per_cpu", "true");
    proc_lab_use_fixture(lab, "6.18");
    proc_lab_check_steady(lab);
}

/* A reload in between, or a failure: the next instance of the collector has what the last one knew. */
static void test_offline_cpus_stay_over_a_reload(void **state)
{
    _cleanup_(handover_done) struct handover handover = {};
    struct proc_lab *lab = *state;
    unsigned counts[3];

    srand(unit_seed());
    for (size_t i = 0; i < ELEMENTS(counts); i++)
        counts[i] = (unsigned)rand() % 10000 + 1;
    lab->context.handover = &handover;
    WRITE_CPUS(lab, {0, counts[0]}, {1, counts[1]}, {2, counts[2]});
    assert_int_equal(proc_lab_open(lab), 0);
    assert_true(shows_dropped(lab, counts[0] + counts[1] + counts[2]));
    WRITE_CPUS(lab, {0, counts[0]}, {2, counts[2]});
    assert_true(shows_dropped(lab, counts[0] + counts[1] + counts[2]));
    proc_lab_close(lab);
    assert_int_equal(proc_lab_open(lab), 0);
    assert_true(shows_dropped(lab, counts[0] + counts[1] + counts[2]));
    /* Both at once; and the first is back meanwhile. */
    proc_lab_close(lab);
    WRITE_CPUS(lab, {0, counts[0]}, {1, counts[1] + 1});
    assert_int_equal(proc_lab_open(lab), 0);
    assert_true(shows_dropped(lab, counts[0] + counts[1] + 1 + counts[2]));
    /* Without what was left it begins with the CPUs that are there. */
    proc_lab_close(lab);
    lab->context.handover = NULL;
    assert_int_equal(proc_lab_open(lab), 0);
    assert_true(shows_dropped(lab, counts[0] + counts[1] + 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_limits_handed_over, setup, proc_lab_teardown),
        cmocka_unit_test_setup_teardown(test_kernels, setup, proc_lab_teardown),
        cmocka_unit_test_setup_teardown(test_no_flow_limit, setup, proc_lab_teardown),
        cmocka_unit_test_setup_teardown(test_cpus_only_when_asked_for, setup, proc_lab_teardown),
        cmocka_unit_test_setup_teardown(test_wraps, setup, proc_lab_teardown),
        cmocka_unit_test_setup_teardown(test_cpus_come_and_go, setup, proc_lab_teardown),
        cmocka_unit_test_setup_teardown(test_offline_cpus_stay_over_a_reload, setup, proc_lab_teardown),
        cmocka_unit_test_setup_teardown(test_cpus_without_names, setup, proc_lab_teardown),
        cmocka_unit_test_setup_teardown(test_missing, setup, proc_lab_teardown),
        cmocka_unit_test_setup_teardown(test_malformed, setup, proc_lab_teardown),
        cmocka_unit_test_setup_teardown(test_sysctls, setup, proc_lab_teardown),
        cmocka_unit_test_setup_teardown(test_steady_state_allocates_nothing, setup, proc_lab_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
