/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The netns collector on a /proc of our own making: whose namespaces are whose, processes that go while it
 * looks, and what it says where it sees none. */

#include <errno.h>

#include "collectors/netns/netns.h"
#include "tests/unit/proc_lab.h"

#define CONTAINER "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define POD       "kubepods.slice/kubepods-pod11111111_2222_3333_4444_555555555555.slice"
#define POD_UID   "11111111-2222-3333-4444-555555555555"

static void write_file(struct proc_lab *lab, unsigned pid, const char *name, const char *text)
{
    char path[64];

    (void)snprintf(path, sizeof(path), "%u/%s", pid, name);
    proc_lab_write(lab, path, text);
}

/* What the process's namespace has lost. */
static void lose(struct proc_lab *lab, unsigned pid, unsigned count)
{
    char text[256];

    (void)snprintf(text, sizeof(text), "Udp: NoPorts RcvbufErrors\nUdp: 0 %u\n", count);
    write_file(lab, pid, "net/snmp", text);
    write_file(lab, pid, "net/netstat", "TcpExt: ListenDrops\nTcpExt: 0\n");
    (void)snprintf(text, sizeof(text), "Udp6RcvbufErrors \t%u\n", 2 * count);
    write_file(lab, pid, "net/snmp6", text);
    (void)snprintf(text, sizeof(text), "head\nhead\n lo: 0 0 0 0 0 0 0 0 0 0 0 %u 0 0 0 0\n", 3 * count);
    write_file(lab, pid, "net/dev", text);
}

/* The kernel's netlink socket of the namespace. */
static void mark(struct proc_lab *lab, unsigned pid, unsigned number)
{
    char text[256];

    (void)snprintf(text, sizeof(text),
                   "sk Eth Pid Groups Rmem Wmem Dump Locks Drops Inode\n0 0 0 0 0 0 0 2 0 %u\n", number);
    write_file(lab, pid, "net/netlink", text);
}

static void join(struct proc_lab *lab, unsigned pid, const char *cgroup)
{
    char text[512];

    (void)snprintf(text, sizeof(text), "0::/%s\n", cgroup);
    write_file(lab, pid, "cgroup", text);
}

/* A process in a namespace of its own. */
static void add_process(struct proc_lab *lab, unsigned pid, const char *cgroup)
{
    lose(lab, pid, 0);
    mark(lab, pid, 1000 + pid);
    join(lab, pid, cgroup);
}

/* A process in the namespace of another one. */
static void add_beside(struct proc_lab *lab, unsigned pid, unsigned other, const char *cgroup)
{
    static const char *const names[] = {"snmp", "netstat", "snmp6", "dev", "netlink"};

    join(lab, pid, cgroup);
    for (size_t i = 0; i < ELEMENTS(names); i++) {
        char from[128], to[128], name[64];

        (void)snprintf(name, sizeof(name), "%u/net/%s", other, names[i]);
        (void)proc_lab_path(lab, name, from);
        (void)snprintf(name, sizeof(name), "%u/net/%s", pid, names[i]);
        (void)proc_lab_path(lab, name, to);
        assert_int_equal(link(from, to), 0);
    }
}

static void end_process(struct proc_lab *lab, unsigned pid)
{
    char path[128], name[32];

    (void)snprintf(name, sizeof(name), "%u", pid);
    (void)proc_lab_path(lab, name, path);
    (void)nftw(path, proc_lab_remove, 8, FTW_DEPTH | FTW_PHYS);
}

/* Ourselves, and the first process in the same namespace. */
static int setup(void **state)
{
    char from[128], to[128];
    struct proc_lab *lab;

    if (proc_lab_setup(state, &netns_collector) < 0)
        return -1;
    lab = *state;
    proc_lab_write(lab, "self/net/snmp", "Udp: NoPorts RcvbufErrors\nUdp: 0 77\n");
    assert_int_equal(link(proc_lab_path(lab, "self/net/snmp", from), proc_lab_path(lab, "1/net/snmp", to)),
                     0);
    return 0;
}

static void check(struct proc_lab *lab, const char *who, unsigned count)
{
    char line[400];

    (void)snprintf(line, sizeof(line), "netdrop_namespace_udp_rcvbuf_errors_total{%s,ip_version=\"4\"} %u",
                   who, count);
    if (!proc_lab_has(lab, line))
        fail_msg("no %s in %s", line, lab->page.data);
    (void)snprintf(line, sizeof(line), "netdrop_namespace_udp_rcvbuf_errors_total{%s,ip_version=\"6\"} %u",
                   who, 2 * count);
    assert_true(proc_lab_has(lab, line));
    (void)snprintf(line, sizeof(line), "netdrop_namespace_link_transmit_dropped_total{%s} %u", who,
                   3 * count);
    assert_true(proc_lab_has(lab, line));
}

#define WHO(unit, container, pod) "unit=\"" unit "\",container_id=\"" container "\",pod_uid=\"" pod "\""

static void test_owners(void **state)
{
    struct proc_lab *lab = *state;

    add_process(lab, 12, "system.slice/a.service");
    add_process(lab, 20, "system.slice/docker-" CONTAINER ".scope");
    add_process(lab, 30, POD "/cri-containerd-" CONTAINER ".scope");
    add_process(lab, 40, "");
    assert_int_equal(proc_lab_open(lab), 0);
    proc_lab_check_steady(lab);
    lose(lab, 12, 5);
    lose(lab, 20, 6);
    lose(lab, 30, 7);
    lose(lab, 40, 8);
    assert_int_equal(proc_lab_collect(lab), 0);
    check(lab, WHO("a.service", "", ""), 5);
    check(lab, WHO("system.slice", CONTAINER, ""), 6);
    check(lab, WHO("kubepods.slice", "", POD_UID), 7);
    check(lab, WHO("-.slice", "", ""), 8);
    assert_true(proc_lab_has(lab, "netdrop_namespaces 4"));
    assert_true(proc_lab_has(lab, "netdrop_namespace_losses_total{counter=\"udp_rcvbuf_errors\","
                                  "ip_version=\"6\"} 52"));
    assert_true(proc_lab_has(
        lab, "netdrop_namespace_losses_total{counter=\"link_transmit_dropped\",ip_version=\"\"} 78"));
    assert_false(proc_lab_mentions(lab, " 77\n"));
    assert_string_equal(lab->fault.text, "");
    /* The file does not have it. */
    assert_false(proc_lab_mentions(lab, "netdrop_namespace_tcpext_tcp_backlog_drop_total{"));
}

/* Who is in a container before who is not, then who it was, then the lowest number. */
static void test_who_is_the_owner(void **state)
{
    struct proc_lab *lab = *state;

    assert_int_equal(proc_lab_open(lab), 0);
    add_process(lab, 20, "b.service");
    add_beside(lab, 30, 20, "c.service");
    lose(lab, 20, 1);
    assert_int_equal(proc_lab_collect(lab), 0);
    check(lab, WHO("b.service", "", ""), 1);
    add_beside(lab, 10, 20, "a.service");
    lose(lab, 20, 3);
    assert_int_equal(proc_lab_collect(lab), 0);
    check(lab, WHO("b.service", "", ""), 3);
    add_beside(lab, 40, 20, "docker/" CONTAINER);
    lose(lab, 20, 6);
    assert_int_equal(proc_lab_collect(lab), 0);
    check(lab, WHO("b.service", "", ""), 3);
    check(lab, WHO("-.slice", CONTAINER, ""), 3);
    end_process(lab, 40);
    lose(lab, 20, 10);
    assert_int_equal(proc_lab_collect(lab), 0);
    check(lab, WHO("a.service", "", ""), 4);
    assert_true(proc_lab_has(lab, "netdrop_namespaces 1"));
}

/* Not a word of a process that is gone by the time that it is looked at, or is but half there. */
static void test_processes_go(void **state)
{
    struct proc_lab *lab = *state;
    char path[128];

    assert_int_equal(proc_lab_open(lab), 0);
    (void)proc_lab_path(lab, "50/net/none", path);
    write_file(lab, 51, "net/snmp", "Udp: RcvbufErrors\nUdp: 9\n");
    proc_lab_write(lab, "no process", "");
    proc_lab_write(lab, "12x/net/snmp", "Udp: RcvbufErrors\nUdp: 9\n");
    assert_int_equal(proc_lab_collect(lab), 0);
    assert_false(proc_lab_mentions(lab, "unit="));
    add_process(lab, 20, "a.service");
    lose(lab, 20, 4);
    assert_int_equal(proc_lab_collect(lab), 0);
    check(lab, WHO("a.service", "", ""), 4);
    end_process(lab, 20);
    assert_int_equal(proc_lab_collect(lab), 0);
    check(lab, WHO("a.service", "", ""), 4);
}

static void test_without_cgroup(void **state)
{
    struct proc_lab *lab = *state;
    char path[128];

    assert_int_equal(proc_lab_open(lab), 0);
    add_process(lab, 20, "");
    assert_int_equal(unlink(proc_lab_path(lab, "20/cgroup", path)), 0);
    lose(lab, 20, 4);
    assert_int_equal(proc_lab_collect(lab), 0);
    check(lab, WHO("unknown", "", ""), 4);
}

static void test_hidden(void **state)
{
    struct proc_lab *lab = *state;
    char path[128];

    assert_int_equal(unlink(proc_lab_path(lab, "1/net/snmp", path)), 0);
    assert_int_equal(proc_lab_open(lab), -EOPNOTSUPP);
    assert_true(lab->fault.unsupported);
    assert_non_null(strstr(lab->fault.text, "hides the processes of others (No such file or directory)"));
    assert_non_null(strstr(lab->fault.text, "ProtectProc="));
    assert_int_equal(unlink(proc_lab_path(lab, "self/net/snmp", path)), 0);
    assert_int_equal(proc_lab_open(lab), -EOPNOTSUPP);
    assert_non_null(strstr(lab->fault.text, "/self/net/snmp"));
}

static void test_limits(void **state)
{
    struct proc_lab *lab = *state;

    proc_lab_set(lab, "max_namespaces", "2");
    proc_lab_set(lab, "max_workloads", "1");
    assert_int_equal(proc_lab_open(lab), 0);
    add_process(lab, 20, "a.service");
    add_process(lab, 21, "b.service");
    lose(lab, 20, 4);
    lose(lab, 21, 5);
    assert_int_equal(proc_lab_collect(lab), 0);
    check(lab, WHO("a.service", "", ""), 4);
    check(lab, WHO("other", "", ""), 5);
    assert_string_equal(lab->fault.text, "");
    add_process(lab, 22, "c.service");
    lose(lab, 22, 6);
    assert_int_equal(proc_lab_collect(lab), 0);
    assert_false(proc_lab_mentions(lab, "c.service"));
    assert_non_null(strstr(lab->fault.text, "without namespaces beyond max_namespaces (2)"));
    assert_int_equal(lab->limits.hits[LIMIT_NAMESPACES], 1);
    assert_true(lab->limits.hits[LIMIT_WORKLOADS] > 0);
}

/* So many that one round is not enough: the next goes on, and none is passed over. */
static void test_time(void **state)
{
    struct proc_lab *lab = *state;
    char who[64];
    unsigned rounds = 0;

    proc_lab_set(lab, "max_time", "1ms");
    assert_int_equal(proc_lab_open(lab), 0);
    for (unsigned i = 0; i < 200; i++) {
        (void)snprintf(who, sizeof(who), "%u.service", i);
        add_process(lab, 100 + i, who);
        lose(lab, 100 + i, i);
    }
    do {
        assert_int_equal(proc_lab_collect(lab), 0);
        assert_true(rounds++ < 1000);
    } while (!proc_lab_has(lab, "netdrop_namespaces 200"));
    assert_true(rounds > 1);
    assert_true(lab->limits.hits[LIMIT_NAMESPACE_TIME] >= rounds - 1);
    assert_non_null(strstr(lab->fault.text, "more than max_time (1 ms)"));
    for (unsigned i = 0; i < 200; i++) {
        (void)snprintf(who, sizeof(who), "unit=\"%u.service\",container_id=\"\",pod_uid=\"\"", i);
        check(lab, who, i);
    }
}

/* The next instance goes on from where the last one was. */
static void test_reload(void **state)
{
    struct proc_lab *lab = *state;
    struct handover handover = {};

    lab->context.handover = &handover;
    assert_int_equal(proc_lab_open(lab), 0);
    add_process(lab, 20, "a.service");
    lose(lab, 20, 4);
    assert_int_equal(proc_lab_collect(lab), 0);
    proc_lab_close(lab);
    lose(lab, 20, 5);
    add_process(lab, 21, "b.service");
    lose(lab, 21, 7);
    assert_int_equal(proc_lab_open(lab), 0);
    assert_int_equal(proc_lab_collect(lab), 0);
    check(lab, WHO("a.service", "", ""), 5);
    check(lab, WHO("b.service", "", ""), 7);
    proc_lab_close(lab);
    handover_done(&handover);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_owners, setup, proc_lab_teardown),
        cmocka_unit_test_setup_teardown(test_who_is_the_owner, setup, proc_lab_teardown),
        cmocka_unit_test_setup_teardown(test_processes_go, setup, proc_lab_teardown),
        cmocka_unit_test_setup_teardown(test_without_cgroup, setup, proc_lab_teardown),
        cmocka_unit_test_setup_teardown(test_hidden, setup, proc_lab_teardown),
        cmocka_unit_test_setup_teardown(test_limits, setup, proc_lab_teardown),
        cmocka_unit_test_setup_teardown(test_time, setup, proc_lab_teardown),
        cmocka_unit_test_setup_teardown(test_reload, setup, proc_lab_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
