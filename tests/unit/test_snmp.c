/* The snmp collector on a /proc of our own making: files that are missing, refused, that change and come
 * back. */

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collectors/snmp.h"
#include "daemon/buffer.h"
#include "daemon/cleanup.h"
#include "daemon/encode.h"
#include "tests/unit/unit.h"

struct lab {
    char procfs[64];
    char fixture[4096];
    void *config;
    struct limits limits;
    struct collector_context context;
    void *collector;
    struct snapshot *draft;
    struct fault fault;
    struct buffer page;
};

static const char *const names[] = {"snmp", "netstat", "snmp6"};

static const char *file_path(const struct lab *lab, const char *name, char path[128])
{
    (void)snprintf(path, 128, "%s/self/net/%s", lab->procfs, name);
    return path;
}

/* In place: the inode stays, as it does in /proc. */
static void write_file(const struct lab *lab, const char *name, const char *text)
{
    char path[128];
    _cleanup_(fclosep) FILE *file = fopen(file_path(lab, name, path), "we");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
}

static void remove_file(const struct lab *lab, const char *name)
{
    char path[128];

    (void)remove(file_path(lab, name, path));
}

static int setup(void **state)
{
    struct lab *lab = calloc(1, sizeof(*lab));
    char path[128];

    assert_non_null(lab);
    (void)strcpy(lab->procfs, "/tmp/test_snmp.XXXXXX");
    assert_non_null(mkdtemp(lab->procfs));
    (void)snprintf(path, sizeof(path), "%s/self", lab->procfs);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(mkdir(file_path(lab, "", path), 0700), 0);
    lab->config = options_new(snmp_collector.options);
    assert_non_null(lab->config);
    lab->context = (struct collector_context){.procfs = lab->procfs, .limits = &lab->limits};
    lab->draft = snapshot_new();
    assert_non_null(lab->draft);
    alarm(60); /* a test that blocks has failed */
    *state = lab;
    return 0;
}

static int teardown(void **state)
{
    struct lab *lab = *state;
    char path[128];

    alarm(0);
    if (lab->collector)
        snmp_collector.close(lab->collector);
    snapshot_unref(lab->draft);
    options_free(snmp_collector.options, lab->config);
    buffer_done(&lab->page);
    for (size_t i = 0; i < ELEMENTS(names); i++)
        remove_file(lab, names[i]);
    (void)rmdir(file_path(lab, "", path));
    (void)snprintf(path, sizeof(path), "%s/self", lab->procfs);
    (void)rmdir(path);
    (void)rmdir(lab->procfs);
    free(lab);
    return 0;
}

static void set(struct lab *lab, const char *key, const char *text)
{
    for (size_t i = 0; i < snmp_collector.options->count; i++)
        if (!strcmp(snmp_collector.options->options[i].key, key)) {
            assert_int_equal(option_set_text(&snmp_collector.options->options[i], lab->config, text, NULL),
                             0);
            return;
        }
    fail();
}

static int collector_open(struct lab *lab)
{
    lab->fault = (struct fault){0};
    return snmp_collector.open(&lab->context, lab->config, &lab->collector, &lab->fault);
}

static int collect(struct lab *lab)
{
    int r;

    snapshot_clear(lab->draft);
    lab->fault = (struct fault){0};
    r = snmp_collector.collect(lab->collector, lab->draft, &lab->fault);
    buffer_clear(&lab->page);
    buffer_text(&lab->page, "\n");
    encode_snapshot(&lab->page, lab->draft, EXPOSITION_TEXT);
    buffer_append(&lab->page, "", 1);
    return r;
}

static bool has(const struct lab *lab, const char *line)
{
    char whole[512];

    (void)snprintf(whole, sizeof(whole), "\n%s\n", line);
    return strstr(lab->page.data, whole);
}

static uint64_t malformed(struct lab *lab)
{
    return atomic_load(&lab->limits.hits[LIMIT_PROC_MALFORMED]);
}

#define SNMP    "Udp: InErrors NoPorts\nUdp: 1 2\n"
#define NETSTAT "TcpExt: ListenDrops\nTcpExt: 3\n"
#define SNMP6   "Udp6NoPorts     \t4\n"

static void test_row_19_one_file_missing(void **state)
{
    struct lab *lab = *state;

    write_file(lab, "snmp", SNMP);
    write_file(lab, "netstat", NETSTAT);
    assert_int_equal(collector_open(lab), 0);
    assert_int_equal(collect(lab), 0);
    assert_true(has(lab, "netdrop_udp_no_ports_total{ip_version=\"4\"} 2"));
    assert_true(has(lab, "netdrop_tcpext_listen_drops_total 3"));
    assert_int_equal(snapshot_series(lab->draft), 3);
    assert_int_equal(malformed(lab), 0);
    write_file(lab, "snmp6", SNMP6); /* the ipv6 module is loaded */
    assert_int_equal(collect(lab), 0);
    assert_true(has(lab, "netdrop_udp_no_ports_total{ip_version=\"6\"} 4"));
    assert_int_equal(snapshot_series(lab->draft), 4);
}

static void test_row_19_all_files_missing(void **state)
{
    struct lab *lab = *state;
    char expected[256];

    assert_int_equal(collector_open(lab), -EOPNOTSUPP);
    assert_true(lab->fault.unsupported);
    (void)snprintf(expected, sizeof(expected), "%s/self/net has none of snmp, netstat, snmp6", lab->procfs);
    assert_string_equal(lab->fault.text, expected);
    assert_null(lab->collector);
}

static void test_row_20_truncated(void **state)
{
    struct lab *lab = *state;

    write_file(lab, "snmp", SNMP);
    write_file(lab, "netstat", "TcpExt: ListenDrops TCPTimeouts\nTcpExt: 3\nIpExt: InNoRoutes\nIpExt: 9\n");
    assert_int_equal(collector_open(lab), 0);
    assert_int_equal(collect(lab), 0);
    assert_true(has(lab, "netdrop_ipext_in_no_routes_total 9"));
    assert_int_equal(snapshot_series(lab->draft), 3);
    assert_int_equal(malformed(lab), 1);
    assert_int_equal(collect(lab), 0);
    assert_int_equal(malformed(lab), 2); /* as long as it lasts */
    write_file(lab, "netstat", "TcpExt: ListenDrops TCPTimeouts\nTcpExt: 3 4\nIpExt: InNoRoutes\nIpExt: 9\n");
    assert_int_equal(collect(lab), 0);
    assert_true(has(lab, "netdrop_tcpext_tcp_timeouts_total 4"));
    assert_int_equal(malformed(lab), 2);
}

static void test_row_20_nothing_readable(void **state)
{
    struct lab *lab = *state;

    write_file(lab, "snmp", "what is this\n");
    assert_int_equal(collector_open(lab), 0);
    assert_int_equal(collect(lab), -EBADMSG);
    assert_false(lab->fault.unsupported);
    assert_non_null(strstr(lab->fault.text, "no counters"));
    write_file(lab, "snmp", "");
    assert_int_equal(collect(lab), -EBADMSG);
    assert_non_null(strstr(lab->fault.text, "/snmp: empty"));
    write_file(lab, "snmp", SNMP);
    assert_int_equal(collect(lab), 0);
    assert_int_equal(snapshot_series(lab->draft), 2);
}

static void test_row_21_new_fields_appear(void **state)
{
    struct lab *lab = *state;

    write_file(lab, "snmp", SNMP);
    assert_int_equal(collector_open(lab), 0);
    assert_int_equal(collect(lab), 0);
    write_file(lab, "snmp", SNMP "Quic: LateDrops\nQuic: 7\n");
    assert_int_equal(collect(lab), 0);
    assert_true(has(lab, "netdrop_quic_late_drops_total 7"));
    write_file(lab, "snmp", "Udp: InErrors NewDrops NoPorts\nUdp: 1 8 2\n");
    assert_int_equal(collect(lab), 0);
    assert_true(has(lab, "netdrop_udp_new_drops_total{ip_version=\"4\"} 8"));
    assert_true(has(lab, "netdrop_udp_no_ports_total{ip_version=\"4\"} 2"));
    assert_int_equal(snapshot_series(lab->draft), 3);
    assert_int_equal(malformed(lab), 0);
}

static void test_row_23_fifo_and_directory(void **state)
{
    struct lab *lab = *state;
    char path[128];

    write_file(lab, "snmp6", SNMP6);
    assert_int_equal(mkfifo(file_path(lab, "snmp", path), 0600), 0);
    assert_int_equal(mkdir(file_path(lab, "netstat", path), 0700), 0);
    assert_int_equal(collector_open(lab), 0);
    assert_int_equal(malformed(lab), 2);
    assert_int_equal(collect(lab), 0);
    assert_int_equal(snapshot_series(lab->draft), 1);
    assert_int_equal(malformed(lab), 4);
    remove_file(lab, "snmp6"); /* a kept descriptor of /proc would go on; a fresh start finds nothing good */
    snmp_collector.close(lab->collector);
    lab->collector = NULL;
    assert_int_equal(collector_open(lab), -EINVAL);
    assert_false(lab->fault.unsupported);
    assert_non_null(strstr(lab->fault.text, "not a regular file"));
}

static void test_row_24_backwards(void **state)
{
    struct lab *lab = *state;

    write_file(lab, "netstat", "TcpExt: ListenDrops\nTcpExt: 1000\n");
    assert_int_equal(collector_open(lab), 0);
    assert_int_equal(collect(lab), 0);
    assert_true(has(lab, "netdrop_tcpext_listen_drops_total 1000"));
    write_file(lab, "netstat", "TcpExt: ListenDrops\nTcpExt: 5\n");
    assert_int_equal(collect(lab), 0);
    assert_true(has(lab, "netdrop_tcpext_listen_drops_total 5"));
}

/* Grown beyond the first buffer, and back. */
static void test_file_grows_and_shrinks(void **state)
{
    struct lab *lab = *state;
    _cleanup_(freep) char *text = calloc(1, 20000);
    char *at;

    assert_non_null(text);
    write_file(lab, "snmp6", SNMP6);
    assert_int_equal(collector_open(lab), 0);
    at = stpcpy(text, SNMP6);
    for (unsigned i = 0; i < 500; i++)
        at += sprintf(at, "Udp6Drop%u                \t%u\n", i, i);
    write_file(lab, "snmp6", text);
    assert_int_equal(collect(lab), 0);
    assert_int_equal(snapshot_series(lab->draft), 501);
    assert_true(has(lab, "netdrop_udp_drop499_total{ip_version=\"6\"} 499"));
    write_file(lab, "snmp6", SNMP6);
    assert_int_equal(collect(lab), 0);
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

static void use_fixture(struct lab *lab, const char *version)
{
    (void)snprintf(lab->fixture, sizeof(lab->fixture), "%s/proc/%s", getenv("FIXTURES"), version);
    lab->context.procfs = lab->fixture;
    assert_int_equal(collector_open(lab), 0);
}

static void test_default_selection(void **state)
{
    struct lab *lab = *state;

    use_fixture(lab, "6.18");
    assert_int_equal(collect(lab), 0);
    for (size_t i = 0; i < ELEMENTS(needed); i++) {
        char begin[256];

        (void)snprintf(begin, sizeof(begin), "\n%s ", needed[i]);
        if (!strstr(lab->page.data, begin))
            fail_msg("not in the default selection: %s", needed[i]);
    }
    for (size_t i = 0; i < ELEMENTS(not_needed); i++)
        assert_null(strstr(lab->page.data, not_needed[i]));
}

static void test_configured_selection(void **state)
{
    struct lab *lab = *state;

    set(lab, "fields.include", "TcpExt_Listen*,Udp6_*");
    set(lab, "fields.exclude", "*Overflows,Udp6_In*");
    use_fixture(lab, "6.18");
    assert_int_equal(collect(lab), 0);
    assert_non_null(strstr(lab->page.data, "\nnetdrop_tcpext_listen_drops_total "));
    assert_null(strstr(lab->page.data, "overflows"));
    assert_null(strstr(lab->page.data, "netdrop_udp_in_"));
    assert_null(strstr(lab->page.data, "ip_version=\"4\""));
    /* ListenDrops; NoPorts, OutDatagrams, RcvbufErrors, SndbufErrors, IgnoredMulti, MemErrors */
    assert_int_equal(snapshot_series(lab->draft), 7);
}

/* Once the layout stands, a collection allocates nothing. */
static void test_steady_state_allocates_nothing(void **state)
{
    struct lab *lab = *state;
    struct mallinfo2 before, after;

    set(lab, "fields.include", "*");
    use_fixture(lab, "6.18");
    assert_int_equal(collect(lab), 0);
    for (unsigned i = 0; i < 3; i++) {
        const struct column_set *columns = lab->draft->tables[0].columns;

        snapshot_clear(lab->draft);
        before = mallinfo2();
        assert_int_equal(snmp_collector.collect(lab->collector, lab->draft, NULL), 0);
        after = mallinfo2();
        assert_true(before.uordblks == after.uordblks);
        assert_ptr_equal(lab->draft->tables[0].columns, columns);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_row_19_one_file_missing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_row_19_all_files_missing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_row_20_truncated, setup, teardown),
        cmocka_unit_test_setup_teardown(test_row_20_nothing_readable, setup, teardown),
        cmocka_unit_test_setup_teardown(test_row_21_new_fields_appear, setup, teardown),
        cmocka_unit_test_setup_teardown(test_row_23_fifo_and_directory, setup, teardown),
        cmocka_unit_test_setup_teardown(test_row_24_backwards, setup, teardown),
        cmocka_unit_test_setup_teardown(test_file_grows_and_shrinks, setup, teardown),
        cmocka_unit_test_setup_teardown(test_default_selection, setup, teardown),
        cmocka_unit_test_setup_teardown(test_configured_selection, setup, teardown),
        cmocka_unit_test_setup_teardown(test_steady_state_allocates_nothing, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
