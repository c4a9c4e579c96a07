/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The encoder: whole expositions compared with the golden files, and numbers at their limits. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "daemon/encode/encode.h"
#include "tests/unit/unit.h"

static const uint64_t packets[] = {1, 4, 16, 65536, 1048576};
static const uint64_t times[] = {1000, 500000, 2500000000};

static const struct metric metrics[] = {
    {.name = "golden_receive_bytes_total",
     .help = "Bytes received",
     .source = "rtnl_link_stats64.rx_bytes",
     .unit = "bytes",
     .type = METRIC_COUNTER,
     .from_zero = true},
    {.name = "golden_up", .help = "Whether it is \"up\"", .type = METRIC_GAUGE},
    {.name = "golden_nothing_total", .help = "A family without any cell", .type = METRIC_COUNTER},
    {.name = "golden_info", .help = "What it is", .type = METRIC_INFO},
    {.name = "golden_value", .help = "Of unknown type", .type = METRIC_UNKNOWN, .value = VALUE_INT64},
    {.name = "golden_duration_seconds",
     .help = "A time",
     .unit = "seconds",
     .type = METRIC_GAUGE,
     .value = VALUE_SECONDS},
    {.name = "golden_burst_packets",
     .help = "Packets of a \"burst\"",
     .unit = "packets",
     .type = METRIC_HISTOGRAM,
     .bounds = packets,
     .bound_count = ELEMENTS(packets),
     .from_zero = true},
    {.name = "golden_delay_seconds",
     .help = "How long it took",
     .source = "a.delay",
     .unit = "seconds",
     .type = METRIC_HISTOGRAM,
     .value = VALUE_SECONDS,
     .bounds = times,
     .bound_count = ELEMENTS(times)},
};

static void fill(struct snapshot *snapshot)
{
    static const char *const names[] = {"eth0", "a\"b\\c", "\xff\xfe"};
    struct column_set *columns;
    struct row_set *rows;
    struct table *table;

    assert_int_equal(column_set_new(metrics, ELEMENTS(metrics), &columns), 0);
    assert_int_equal(row_set_new((const char *const[]){"device"}, 1, &rows), 0);
    for (size_t i = 0; i < ELEMENTS(names); i++)
        assert_int_equal(row_set_add(rows, &names[i]), (int)i);
    row_set_seal(rows);
    table = snapshot_add_table(snapshot, columns, rows);
    assert_non_null(table);
    row_set_unref(rows);
    column_set_unref(columns);
    table_set(table, 0, 0, UINT64_MAX);
    table_set(table, 1, 0, 0);
    table_set(table, 2, 0, UINT64_C(9007199254740993)); /* 2^53 + 1: no double holds it */
    table_set(table, 1, 1, 1);
    table_set(table, 0, 3, 1);
    table_set(table, 0, 4, (uint64_t)-1);
    table_set(table, 1, 4, (uint64_t)INT64_MIN);
    table_set(table, 2, 4, (uint64_t)INT64_MAX);
    table_set(table, 0, 5, 1500 * NS_PER_SECOND / 1000);
    table_set(table, 1, 5, 1);
    table_set(table, 2, 5, UINT64_MAX);
    table_set_histogram(table, 0, 6, (const uint64_t[]){3, 0, 2, 1, 0, 4}, 1500);
    table_set_histogram(table, 1, 6, (const uint64_t[ELEMENTS(packets) + 1]){}, 0);
    table_set_histogram(table, 2, 7, (const uint64_t[]){0, 1, 1, UINT64_MAX - 2}, UINT64_MAX);
}

/* Since when the rows count. */
static void tell_created(struct snapshot *snapshot)
{
    struct created *created = created_new(3);

    created->ns[0] = UINT64_C(123456789);
    created->ns[1] = UINT64_C(500000000);
    created->ns[2] = UINT64_C(1000000000);
    snapshot->tables[0].created = created;
    snapshot->tables[0].created_offset_ns = INT64_C(1718000000000000000);
}

static void check_golden(enum exposition exposition, bool created, const char *file)
{
    _cleanup_(buffer_done) struct buffer out = {}, golden = {};
    _cleanup_(fclosep) FILE *stream = NULL;
    struct snapshot *snapshot = snapshot_new();
    char path[4096];

    (void)snprintf(path, sizeof(path), "%s/../golden/%s", getenv("FIXTURES"), file);
    stream = fopen(path, "r");
    assert_non_null(stream);
    golden.size = fread(buffer_reserve(&golden, 65536), 1, 65536, stream);
    fill(snapshot);
    if (created)
        tell_created(snapshot);
    encode_snapshot(&out, snapshot, exposition);
    encode_end(&out, exposition);
    snapshot_unref(snapshot);
    assert_int_equal(out.error, 0);
    buffer_append(&out, "", 1);
    buffer_append(&golden, "", 1);
    assert_string_equal(out.data, golden.data);
}

static void test_golden_text(void **state)
{
    (void)state;
    check_golden(EXPOSITION_TEXT, false, "encode.prom");
    check_golden(EXPOSITION_TEXT, true, "encode.prom"); /* which has no word for it */
}

static void test_golden_openmetrics(void **state)
{
    (void)state;
    check_golden(EXPOSITION_OPENMETRICS, false, "encode.openmetrics");
}

/* Behind each row of a counter and a histogram whose rows come and go. */
static void test_golden_created(void **state)
{
    (void)state;
    check_golden(EXPOSITION_OPENMETRICS, true, "encode-created.openmetrics");
}

/* Of a clock that was set to less than what it ran for. */
static void test_created_before_1970(void **state)
{
    _cleanup_(buffer_done) struct buffer out = {};
    struct snapshot *snapshot = snapshot_new();

    (void)state;
    fill(snapshot);
    tell_created(snapshot);
    snapshot->tables[0].created_offset_ns = INT64_C(-500000000);
    encode_snapshot(&out, snapshot, EXPOSITION_OPENMETRICS);
    buffer_append(&out, "", 1);
    assert_non_null(strstr(out.data, "_bytes_created{device=\"eth0\"} 0\n"));
    assert_non_null(strstr(out.data, "_bytes_created{device=\"a\\\"b\\\\c\"} 0\n"));
    assert_non_null(strstr(out.data, "_bytes_created{device=\"\xef\xbf\xbd\xef\xbf\xbd\"} 0.5\n"));
    snapshot_unref(snapshot);
}

/* What has node_exporter's names is in the other answer, and counts in no limit. */
static void test_node_exporter(void **state)
{
    static const struct metric ours = {.name = "t_ours", .help = "-", .type = METRIC_GAUGE};
    static const struct metric theirs = {
        .name = "t_theirs_total", .help = "-", .type = METRIC_COUNTER, .node_exporter = true};
    const struct metric both[] = {ours, theirs};
    _cleanup_(buffer_done) struct buffer out = {}, node = {};
    struct snapshot *snapshot = snapshot_new();
    struct column_set *columns;
    struct row_set *rows;
    struct table *table;

    (void)state;
    assert_int_equal(column_set_new(both, ELEMENTS(both), &columns), 0);
    assert_int_equal(row_set_new_single(&rows), 0);
    table = snapshot_add_table(snapshot, columns, rows);
    table_set(table, 0, 0, 1);
    table_set(table, 0, 1, UINT64_MAX);
    encode_snapshot(&out, snapshot, EXPOSITION_TEXT);
    encode_snapshot_node(&node, snapshot, EXPOSITION_OPENMETRICS);
    buffer_append(&out, "", 1);
    buffer_append(&node, "", 1);
    assert_string_equal(out.data, "# HELP t_ours -.\n# TYPE t_ours gauge\nt_ours 1\n");
    assert_string_equal(node.data,
                        "# HELP t_theirs -.\n# TYPE t_theirs counter\nt_theirs_total 18446744073709551615\n");
    assert_int_equal(snapshot_series(snapshot), 1);
    column_set_unref(columns);
    row_set_unref(rows);
    snapshot_unref(snapshot);
}

static void test_nothing(void **state)
{
    _cleanup_(buffer_done) struct buffer out = {};
    struct snapshot *snapshot = snapshot_new();

    (void)state;
    encode_snapshot(&out, snapshot, EXPOSITION_TEXT);
    encode_end(&out, EXPOSITION_TEXT);
    assert_int_equal(out.size, 0);
    snapshot_unref(snapshot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_text),    cmocka_unit_test(test_golden_openmetrics),
        cmocka_unit_test(test_golden_created), cmocka_unit_test(test_created_before_1970),
        cmocka_unit_test(test_node_exporter),  cmocka_unit_test(test_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
