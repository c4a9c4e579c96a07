/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The snmp collector on a /proc of our own making: files that are missing, refused, that change and come
 * back. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "collectors/snmp/snmp.h"
#include "tests/unit/proc_lab.h"
#include "tests/unit/unit.h"

static int setup(void **state)
{
    return proc_lab_setup(state, &snmp_collector);
}

static uint64_t malformed(struct proc_lab *lab)
{
    return atomic_load(&lab->limits.hits[LIMIT_PROC_MALFORMED]);
}

#define SNMP    "Udp: InErrors NoPorts\nUdp: 1 2\n"
#define NETSTAT "TcpExt: ListenDrops\nTcpExt: 3\n"
#define SNMP6   "Udp6NoPorts     \t4\n"

static void test_row_19_one_file_missing(void **state)
{
    struct proc_lab *lab = *state;

    proc_lab_write(lab, "self/net/snmp", SNMP);
    proc_lab_write(lab, "self/net/netstat", NETSTAT);
    assert_int_equal(proc_lab_open(lab), 0);
    assert_int_equal(proc_lab_collect(lab), 0);
    assert_true(proc_lab_has(lab, "netdrop_udp_no_ports_total{ip_version=\"4\"} 2"));
    assert_true(proc_lab_has(lab, "netdrop_tcpext_listen_drops_total 3"));
    assert_int_equal(snapshot_series(lab->draft), 3);
    assert_int_equal(malformed(lab), 0);
    proc_lab_write(lab, "self/net/snmp6", SNMP6); /* the ipv6 module is loaded */
    assert_int_equal(proc_lab_collect(lab), 0);
    assert_true(proc_lab_has(lab, "netdrop_udp_no_ports_total{ip_version=\"6\"} 4"));
    assert_int_equal(snapshot_series(lab->draft), 4);
}

static void test_row_19_all_files_missing(void **state)
{
    struct proc_lab *lab = *state;
    char expected[256];

    assert_int_equal(proc_lab_open(lab), -EOPNOTSUPP);
    assert_true(lab->fault.unsupported);
    (void)snprintf(expected, sizeof(expected), "%s/self/net has none of snmp, netstat, snmp6", lab->procfs);
    assert_string_equal(lab->fault.text, expected);
    assert_null(lab->state);
}

static void test_row_20_truncated(void **state)
{
    struct proc_lab *lab = *state;

    proc_lab_write(lab, "self/net/snmp", SNMP);
    proc_lab_write(lab, "self/net/netstat",
                   "TcpExt: ListenDrops TCPTimeouts\nTcpExt: 3\nIpExt: InNoRoutes\nIpExt: 9\n");
    assert_int_equal(proc_lab_open(lab), 0);
    assert_int_equal(proc_lab_collect(lab), 0);
    assert_true(proc_lab_has(lab, "netdrop_ipext_in_no_routes_total 9"));
    assert_int_equal(snapshot_series(lab->draft), 3);
    assert_int_equal(malformed(lab), 1);
    assert_int_equal(proc_lab_collect(lab), 0);
    assert_int_equal(malformed(lab), 2); /* as long as it lasts */
    proc_lab_write(lab, "self/net/netstat",
                   "TcpExt: ListenDrops TCPTimeouts\nTcpExt: 3 4\nIpExt: InNoRoutes\nIpExt: 9\n");
    assert_int_equal(proc_lab_collect(lab), 0);
    assert_true(proc_lab_has(lab, "netdrop_tcpext_tcp_timeouts_total 4"));
    assert_int_equal(malformed(lab), 2);
}

static void test_row_20_nothing_readable(void **state)
{
    struct proc_lab *lab = *state;

    proc_lab_write(lab, "self/net/snmp", "what is this\n");
    assert_int_equal(proc_lab_open(lab), 0);
    assert_int_equal(proc_lab_collect(lab), -EBADMSG);
    assert_false(lab->fault.unsupported);
    assert_non_null(strstr(lab->fault.text, "no counters"));
    proc_lab_write(lab, "self/net/snmp", "");
    assert_int_equal(proc_lab_collect(lab), -EBADMSG);
    assert_non_null(strstr(lab->fault.text, "/snmp: empty"));
    proc_lab_write(lab, "self/net/snmp", SNMP);
    assert_int_equal(proc_lab_collect(lab), 0);
    assert_int_equal(snapshot_series(lab->draft), 2);
}

static void test_row_21_new_fields_appear(void **state)
{
    struct proc_lab *lab = *state;

    proc_lab_write(lab, "self/net/snmp", SNMP);
    assert_int_equal(proc_lab_open(lab), 0);
    assert_int_equal(proc_lab_collect(lab), 0);
    proc_lab_write(lab, "self/net/snmp", SNMP "Quic: LateDrops\nQuic: 7\n");
    assert_int_equal(proc_lab_collect(lab), 0);
    assert_true(proc_lab_has(lab, "netdrop_quic_late_drops_total 7"));
    proc_lab_write(lab, "self/net/snmp", "Udp: InErrors NewDrops NoPorts\nUdp: 1 8 2\n");
    assert_int_equal(proc_lab_collect(lab), 0);
    assert_true(proc_lab_has(lab, "netdrop_udp_new_drops_total{ip_version=\"4\"} 8"));
    assert_true(proc_lab_has(lab, "netdrop_udp_no_ports_total{ip_version=\"4\"} 2"));
    assert_int_equal(snapshot_series(lab->draft), 3);
    assert_int_equal(malformed(lab), 0);
}

static void test_row_23_fifo_and_directory(void **state)
{
    struct proc_lab *lab = *state;
    char path[128];

    proc_lab_write(lab, "self/net/snmp6", SNMP6);
    assert_int_equal(mkfifo(proc_lab_path(lab, "self/net/snmp", path), 0600), 0);
    assert_int_equal(mkdir(proc_lab_path(lab, "self/net/netstat", path), 0700), 0);
    assert_int_equal(proc_lab_open(lab), 0);
    assert_int_equal(malformed(lab), 2);
    assert_int_equal(proc_lab_collect(lab), 0);
    assert_int_equal(snapshot_series(lab->draft), 1);
    assert_int_equal(malformed(lab), 4);
    assert_int_equal(remove(proc_lab_path(lab, "self/net/snmp6", path)),
                     0); /* a kept descriptor of /proc would go on; a fresh start finds nothing good */
    proc_lab_close(lab);
    assert_int_equal(proc_lab_open(lab), -EINVAL);
    assert_false(lab->fault.unsupported);
    assert_non_null(strstr(lab->fault.text, "not a regular file"));
}

static void link_to(struct proc_lab *lab, const char *name, const char *target)
{
    char path[128];

    assert_int_equal(symlink(target, proc_lab_path(lab, name, path)), 0);
}

/* Permission is not malformation: what is left is served, and the log is told of what is missing. A device is
 * how container runtimes mask a file; a test that runs as root is refused nothing else. */
static void test_refused_files_are_no_limit(void **state)
{
    struct proc_lab *lab = *state;
    char expected[512], path[128];

    proc_lab_write(lab, "self/net/snmp", SNMP);
    link_to(lab, "self/net/netstat", "/dev/null");
    assert_int_equal(proc_lab_open(lab), 0);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(proc_lab_collect(lab), 0);
        assert_int_equal(snapshot_series(lab->draft), 2);
        (void)snprintf(expected, sizeof(expected), "without %s/self/net/netstat: masked by a device",
                       lab->procfs);
        assert_string_equal(lab->fault.text, expected);
    }
    assert_int_equal(malformed(lab), 0);
    assert_int_equal(remove(proc_lab_path(lab, "self/net/netstat", path)), 0);
    proc_lab_write(lab, "self/net/netstat", "");
    assert_int_equal(proc_lab_collect(lab), 0);
    (void)snprintf(expected, sizeof(expected), "without %s/self/net/netstat: empty", lab->procfs);
    assert_string_equal(lab->fault.text, expected);
    proc_lab_write(lab, "self/net/netstat", NETSTAT);
    assert_int_equal(proc_lab_collect(lab), 0);
    assert_int_equal(snapshot_series(lab->draft), 3);
    assert_string_equal(lab->fault.text, "");
    assert_int_equal(malformed(lab), 0);
}

static void test_all_files_refused(void **state)
{
    struct proc_lab *lab = *state;

    proc_lab_write(lab, "self/net/snmp", "");
    for (unsigned i = 0; i < 2; i++) {
        char path[128];

        assert_int_equal(remove(proc_lab_path(lab, "self/net/snmp", path)), 0);
        link_to(lab, "self/net/snmp", "/dev/null");
        assert_int_equal(proc_lab_open(lab), -EOPNOTSUPP);
        assert_true(lab->fault.unsupported);
        assert_non_null(strstr(lab->fault.text, "snmp: masked by a device"));
    }
    assert_int_equal(malformed(lab), 0);
}

static void test_row_24_backwards(void **state)
{
    struct proc_lab *lab = *state;

    proc_lab_write(lab, "self/net/netstat", "TcpExt: ListenDrops\nTcpExt: 1000\n");
    assert_int_equal(proc_lab_open(lab), 0);
    assert_int_equal(proc_lab_collect(lab), 0);
    assert_true(proc_lab_has(lab, "netdrop_tcpext_listen_drops_total 1000"));
    proc_lab_write(lab, "self/net/netstat", "TcpExt: ListenDrops\nTcpExt: 5\n");
    assert_int_equal(proc_lab_collect(lab), 0);
    assert_true(proc_lab_has(lab, "netdrop_tcpext_listen_drops_total 5"));
}

/* Grown beyond the first buffer, and back. */
static void test_file_grows_and_shrinks(void **state)
{
    struct proc_lab *lab = *state;
    _cleanup_(freep) char *text = calloc(1, 20000);
    char *at;

    assert_non_null(text);
    proc_lab_write(lab, "self/net/snmp6", SNMP6);
    assert_int_equal(proc_lab_open(lab), 0);
    at = stpcpy(text, SNMP6);
    for (unsigned i = 0; i < 500; i++)
        at += sprintf(at, "Udp6Drop%u                \t%u\n", i, i);
    proc_lab_write(lab, "self/net/snmp6", text);
    assert_int_equal(proc_lab_collect(lab), 0);
    assert_int_equal(snapshot_series(lab->draft), 501);
    assert_true(proc_lab_has(lab, "netdrop_udp_drop499_total{ip_version=\"6\"} 499"));
    proc_lab_write(lab, "self/net/snmp6", SNMP6);
    assert_int_equal(proc_lab_collect(lab), 0);
    assert_int_equal(snapshot_series(lab->draft), 1);
}

/* Every counter that the fault lab names, and those that dashboards in use ask for. */
static const char *const needed[] = {
    "netdrop_udp_no_ports_total{ip_version=\"4\"}",
    "netdrop_udp_rcvbuf_errors_total{ip_version=\"4\"}",
    "netdrop_udp_sndbuf_errors_total{ip_version=\"4\"}",
    "netdrop_udp_in_errors_total{ip_version=\"4\"}",
    "netdrop_udp_in_csum_errors_total{ip_version=\"4\"}",
    "netdrop_udp_no_ports_total{ip_version=\"6\"}",
    "netdrop_udp_rcvbuf_errors_total{ip_version=\"6\"}",
    "netdrop_icmp_out_dest_unreachs_total{ip_version=\"4\"}",
    "netdrop_icmp_in_dest_unreachs_total{ip_version=\"4\"}",
    "netdrop_icmp_out_rate_limit_host_total{ip_version=\"4\"}",
    "netdrop_icmp_out_time_excds_total{ip_version=\"4\"}",
    "netdrop_ip_out_discards_total{ip_version=\"4\"}",
    "netdrop_ip_in_hdr_errors_total{ip_version=\"4\"}",
    "netdrop_ip_in_addr_errors_total{ip_version=\"4\"}",
    "netdrop_ip_in_unknown_protos_total{ip_version=\"4\"}",
    "netdrop_ip_frag_fails_total{ip_version=\"4\"}",
    "netdrop_ipext_in_no_routes_total",
    "netdrop_ipext_in_csum_errors_total",
    "netdrop_tcp_retrans_segs_total",
    "netdrop_tcp_attempt_fails_total",
    "netdrop_tcp_estab_resets_total",
    "netdrop_tcp_out_rsts_total",
    "netdrop_tcp_in_errs_total",
    "netdrop_tcpext_tcp_timeouts_total",
    "netdrop_tcpext_tcp_syn_retrans_total",
    "netdrop_tcpext_ip_reverse_path_filter_total",
    "netdrop_tcpext_listen_overflows_total",
    "netdrop_tcpext_listen_drops_total",
    "netdrop_tcpext_tcp_rcv_q_drop_total",
    "netdrop_tcpext_tcp_req_q_full_drop_total",
    "netdrop_tcpext_tcp_backlog_drop_total",
    "netdrop_tcpext_prune_called_total",
    "netdrop_tcpext_rcv_pruned_total",
    "netdrop_tcpext_tcp_memory_pressures_total",
    "netdrop_tcpext_tcp_abort_on_memory_total",
    /* what they are divided by */
    "netdrop_tcp_in_segs_total",
    "netdrop_tcp_out_segs_total",
    "netdrop_tcp_active_opens_total",
    "netdrop_tcp_passive_opens_total",
    "netdrop_udp_in_datagrams_total{ip_version=\"6\"}",
    "netdrop_udp_out_datagrams_total{ip_version=\"4\"}",
    "netdrop_ip_in_receives_total{ip_version=\"4\"}",
    "netdrop_ip_in_delivers_total{ip_version=\"6\"}",
    "netdrop_ip_out_requests_total{ip_version=\"4\"}",
    "netdrop_icmp_in_msgs_total{ip_version=\"4\"}",
    "netdrop_icmp_out_msgs_total{ip_version=\"6\"}",
};

static const char *const not_needed[] = {
    "netdrop_tcp_max_conn ",       "netdrop_tcpext_tcp_hp_hits_total ", "netdrop_ipext_in_octets_total ",
    "netdrop_icmp_in_type_total{", "netdrop_tcpext_tw_total ",          "netdrop_mptcpext_add_addr_total ",
};

static void test_default_selection(void **state)
{
    struct proc_lab *lab = *state;

    proc_lab_use_fixture(lab, "6.18");
    assert_int_equal(proc_lab_collect(lab), 0);
    for (size_t i = 0; i < ELEMENTS(needed); i++) {
        char begin[256];

        (void)snprintf(begin, sizeof(begin), "\n%s ", needed[i]);
        if (!proc_lab_mentions(lab, begin))
            fail_msg("not in the default selection: %s", needed[i]);
    }
    for (size_t i = 0; i < ELEMENTS(not_needed); i++)
        assert_false(proc_lab_mentions(lab, not_needed[i]));
}

static void test_configured_selection(void **state)
{
    struct proc_lab *lab = *state;

    proc_lab_set(lab, "fields.include", "TcpExt_Listen*,Udp6_*");
    proc_lab_set(lab, "fields.exclude", "*Overflows,Udp6_In*");
    proc_lab_use_fixture(lab, "6.18");
    assert_int_equal(proc_lab_collect(lab), 0);
    assert_true(proc_lab_mentions(lab, "\nnetdrop_tcpext_listen_drops_total "));
    assert_false(proc_lab_mentions(lab, "overflows"));
    assert_false(proc_lab_mentions(lab, "netdrop_udp_in_"));
    assert_false(proc_lab_mentions(lab, "ip_version=\"4\""));
    /* ListenDrops; NoPorts, OutDatagrams, RcvbufErrors, SndbufErrors, IgnoredMulti, MemErrors */
    assert_int_equal(snapshot_series(lab->draft), 7);
}

static void test_steady_state_allocates_nothing(void **state)
{
    struct proc_lab *lab = *state;

    proc_lab_set(lab, "fields.include", "*");
    proc_lab_use_fixture(lab, "6.18");
    proc_lab_check_steady(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_row_19_one_file_missing, setup, proc_lab_teardown),
        cmocka_unit_test_setup_teardown(test_row_19_all_files_missing, setup, proc_lab_teardown),
        cmocka_unit_test_setup_teardown(test_row_20_truncated, setup, proc_lab_teardown),
        cmocka_unit_test_setup_teardown(test_row_20_nothing_readable, setup, proc_lab_teardown),
        cmocka_unit_test_setup_teardown(test_row_21_new_fields_appear, setup, proc_lab_teardown),
        cmocka_unit_test_setup_teardown(test_row_23_fifo_and_directory, setup, proc_lab_teardown),
        cmocka_unit_test_setup_teardown(test_refused_files_are_no_limit, setup, proc_lab_teardown),
        cmocka_unit_test_setup_teardown(test_all_files_refused, setup, proc_lab_teardown),
        cmocka_unit_test_setup_teardown(test_row_24_backwards, setup, proc_lab_teardown),
        cmocka_unit_test_setup_teardown(test_file_grows_and_shrinks, setup, proc_lab_teardown),
        cmocka_unit_test_setup_teardown(test_default_selection, setup, proc_lab_teardown),
        cmocka_unit_test_setup_teardown(test_configured_selection, setup, proc_lab_teardown),
        cmocka_unit_test_setup_teardown(test_steady_state_allocates_nothing, setup, proc_lab_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
