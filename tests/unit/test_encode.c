/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The encoder: whole expositions compared with the golden files, and numbers at their limits. */

#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "daemon/encode/encode.h"
#include "tests/unit/unit.h"

static const struct metric metrics[] = {
    {.name = "golden_receive_bytes_total",
     .help = "Bytes received",
     .source = "rtnl_link_stats64.rx_bytes",
     .unit = "bytes",
     .type = METRIC_COUNTER},
    {.name = "golden_up", .help = "Whether it is \"up\"", .type = METRIC_GAUGE},
    {.name = "golden_nothing_total", .help = "A family without any cell", .type = METRIC_COUNTER},
    {.name = "golden_info", .help = "What it is", .type = METRIC_INFO},
    {.name = "golden_value", .help = "Of unknown type", .type = METRIC_UNKNOWN, .value = VALUE_INT64},
    {.name = "golden_duration_seconds",
     .help = "A time",
     .unit = "seconds",
     .type = METRIC_GAUGE,
     .value = VALUE_SECONDS},
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
}

static void check_golden(enum exposition exposition, const char *file)
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
    check_golden(EXPOSITION_TEXT, "encode.prom");
}

static void test_golden_openmetrics(void **state)
{
    (void)state;
    check_golden(EXPOSITION_OPENMETRICS, "encode.openmetrics");
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
        cmocka_unit_test(test_golden_text),
        cmocka_unit_test(test_golden_openmetrics),
        cmocka_unit_test(test_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
