/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables: row sets refuse duplicates and give labels back, cells may be absent, sets and snapshots are
 * shared. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/table/row_devices.h"
#include "base/table/snapshot.h"
#include "base/table/table.h"
#include "tests/unit/unit.h"

static struct row_set *devices(const char *const *names, size_t count)
{
    static const char *const labels[] = {"device", "kind"};
    struct row_set *rows;

    assert_int_equal(row_set_new(labels, 2, &rows), 0);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(row_set_add(rows, (const char *const[]){names[i], "physical"}), (int)i);
    row_set_seal(rows);
    return rows;
}

static void test_rows_render_and_give_back(void **state)
{
    static const char *const names[] = {"eth0", "a\"b\\c\nd", "", "x=\"y\",kind=\"z", "c:\\", "\\\""};
    struct row_set *rows = devices(names, ELEMENTS(names));
    char value[64];

    (void)state;
    assert_int_equal(rows->count, ELEMENTS(names));
    assert_memory_equal(rows->text, "{device=\"eth0\",kind=\"physical\"} ", rows->offsets[1]);
    for (size_t i = 0; i < ELEMENTS(names); i++) {
        assert_int_equal(row_set_label(rows, i, "device", value, sizeof(value)), strlen(names[i]));
        assert_string_equal(value, names[i]);
        assert_int_equal(row_set_label(rows, i, "kind", value, sizeof(value)), 8);
        assert_string_equal(value, "physical");
        assert_int_equal(row_set_label(rows, i, "bus", value, sizeof(value)), -ENOENT);
    }
    assert_int_equal(row_set_label(rows, 0, "device", value, 3), 4);
    assert_string_equal(value, "et");
    row_set_unref(rows);
}

/* As "OLD>NEW " for each. */
static void assert_moves(const struct row_set *before, const struct row_set *rows, const char *expected)
{
    _cleanup_(row_moves_done) struct row_moves moves = {};
    char text[64] = "";
    size_t old, row, used = 0;

    assert_int_equal(row_moves_begin(&moves, before, rows), 0);
    while (row_moves_next(&moves, &old, &row))
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%zu>%zu ", old, row);
    assert_string_equal(text, expected);
}

static void test_rows_that_stay(void **state)
{
    struct row_set *before = devices((const char *[]){"a", "b", "c"}, 3);
    struct row_set *rows = devices((const char *[]){"d", "c", "a"}, 3);
    struct row_set *none = devices(NULL, 0);

    (void)state;
    assert_moves(before, rows, "2>1 0>2 ");
    assert_moves(rows, before, "2>0 1>2 ");
    assert_moves(before, before, "0>0 1>1 2>2 ");
    assert_moves(NULL, rows, "");
    assert_moves(none, rows, "");
    assert_moves(rows, none, "");
    row_set_unref(before);
    row_set_unref(rows);
    row_set_unref(none);
}

/* As "ROW " for each. */
static void assert_rows(struct row_set *rows, const char *device, const char *expected)
{
    struct row_devices search = row_devices_begin(rows, device);
    char text[512] = "";
    size_t row, first, used = 0;

    while (row_devices_next(&search, &row))
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%zu ", row);
    assert_string_equal(text, expected);
    assert_false(row_devices_next(&search, &row));
    assert_int_equal(row_devices_first(rows, device, &first), *expected != '\0');
    if (*expected)
        assert_int_equal(first, atoi(expected));
}

/* So many that their index could not have been one of the smallest size. */
static void test_rows_of_a_device(void **state)
{
    static const char *const labels[] = {"queue", "device"};
    struct row_set *rows, *none = devices(NULL, 0), *bare;
    char every_third[512] = "";

    (void)state;
    assert_int_equal(row_set_new(labels, ELEMENTS(labels), &rows), 0);
    for (size_t i = 0; i < 100; i++) {
        char queue[8], device[8];

        (void)snprintf(queue, sizeof(queue), "%zu", i);
        (void)snprintf(device, sizeof(device), "eth%zu", i % 3 ? i : 0);
        assert_int_equal(row_set_add(rows, (const char *const[]){queue, i == 50 ? "a\"\\\n" : device}), i);
        if (i % 3 == 0)
            (void)snprintf(every_third + strlen(every_third), 8, "%zu ", i);
    }
    row_set_seal(rows);
    assert_rows(rows, "eth0", every_third);
    assert_rows(rows, "eth97", "97 ");
    assert_rows(rows, "a\"\\\n", "50 ");
    assert_rows(rows, "eth50", "");
    assert_rows(rows, "", "");
    assert_rows(none, "eth0", "");
    assert_int_equal(row_set_new_single(&bare), 0);
    assert_rows(bare, "eth0", "");
    assert_rows(bare, "", "");
    row_set_unref(bare);
    row_set_unref(rows);
    row_set_unref(none);
}

static void test_columns_that_stay(void **state)
{
    const struct metric metrics[] = {{.name = "a_total", .help = "", .type = METRIC_COUNTER},
                                     {.name = "b_total", .help = "", .type = METRIC_COUNTER},
                                     {.name = "a_total", .help = "", .type = METRIC_COUNTER}};
    struct column_set *before, *alike, *others, *fewer, *known = NULL;

    (void)state;
    assert_int_equal(column_set_new(metrics, 2, &before), 0);
    assert_int_equal(column_set_new(metrics, 2, &alike), 0);
    assert_int_equal(column_set_new(&metrics[1], 2, &others), 0);
    assert_int_equal(column_set_new(metrics, 1, &fewer), 0);
    assert_false(column_set_follow(&known, before));
    assert_null(known);
    known = column_set_ref(before);
    assert_true(column_set_follow(&known, before));
    assert_true(column_set_follow(&known, alike));
    assert_ptr_equal(known, alike);
    assert_false(column_set_follow(&known, others));
    assert_false(column_set_follow(&known, fewer));
    assert_ptr_equal(known, alike);
    column_set_unref(known);
    column_set_unref(before);
    column_set_unref(alike);
    column_set_unref(others);
    column_set_unref(fewer);
}

static void test_rows_refuse_duplicates(void **state)
{
    struct row_set *rows;
    char name[32];

    (void)state;
    assert_int_equal(row_set_new((const char *const[]){"device"}, 1, &rows), 0);
    for (int i = 0; i < 5000; i++) {
        (void)snprintf(name, sizeof(name), "veth%d", i);
        assert_int_equal(row_set_add(rows, (const char *const[]){name}), i);
    }
    for (int i = 0; i < 5000; i += 7) {
        (void)snprintf(name, sizeof(name), "veth%d", i);
        assert_int_equal(row_set_add(rows, (const char *const[]){name}), -EEXIST);
    }
    /* Different bytes that come out alike are one label set, too. */
    assert_int_equal(row_set_add(rows, (const char *const[]){"\xff"}), 5000);
    assert_int_equal(row_set_add(rows, (const char *const[]){"\xfe"}), -EEXIST);
    assert_int_equal(row_set_add(rows, (const char *const[]){"last"}), 5001);
    row_set_seal(rows);
    assert_int_equal(rows->count, 5002);
    assert_memory_equal(rows->text + rows->offsets[5001], "{device=\"last\"} ", 16);
    row_set_unref(rows);
}

static void test_row_without_labels(void **state)
{
    struct row_set *rows;
    char value[8];

    (void)state;
    assert_int_equal(row_set_new(NULL, 0, &rows), 0);
    assert_int_equal(row_set_add(rows, NULL), 0);
    assert_int_equal(row_set_add(rows, NULL), -EEXIST);
    row_set_seal(rows);
    assert_int_equal(row_set_label(rows, 0, "device", value, sizeof(value)), -ENOENT);
    row_set_unref(rows);
}

static const struct metric metrics[] = {
    {.name = "t_receive_bytes_total",
     .help = "Bytes \"received\"",
     .source = "a\\b.rx_bytes",
     .unit = "bytes",
     .type = METRIC_COUNTER},
    {.name = "t_up", .help = "Up", .type = METRIC_GAUGE},
    {.name = "t_info", .help = "Info", .type = METRIC_INFO},
    {.name = "t_value", .help = "Value", .type = METRIC_UNKNOWN, .value = VALUE_INT64},
};

static void check_header(const struct column *column, enum exposition exposition, const char *expected)
{
    assert_int_equal(column->header_size[exposition], strlen(expected));
    assert_memory_equal(column->header[exposition], expected, strlen(expected));
}

static void test_headers_of_both_formats(void **state)
{
    struct column_set *columns;

    (void)state;
    assert_int_equal(column_set_new(metrics, ELEMENTS(metrics), &columns), 0);
    check_header(&columns->columns[0], EXPOSITION_TEXT,
                 "# HELP t_receive_bytes_total Bytes \"received\" (a\\\\b.rx_bytes).\n"
                 "# TYPE t_receive_bytes_total counter\n");
    check_header(&columns->columns[0], EXPOSITION_OPENMETRICS,
                 "# HELP t_receive_bytes Bytes \\\"received\\\" (a\\\\b.rx_bytes).\n"
                 "# TYPE t_receive_bytes counter\n# UNIT t_receive_bytes bytes\n");
    check_header(&columns->columns[2], EXPOSITION_TEXT, "# HELP t_info Info.\n# TYPE t_info gauge\n");
    check_header(&columns->columns[2], EXPOSITION_OPENMETRICS, "# HELP t Info.\n# TYPE t info\n");
    check_header(&columns->columns[3], EXPOSITION_TEXT, "# HELP t_value Value.\n# TYPE t_value untyped\n");
    check_header(&columns->columns[3], EXPOSITION_OPENMETRICS,
                 "# HELP t_value Value.\n# TYPE t_value unknown\n");
    assert_string_equal(columns->columns[1].name, "t_up");
    column_set_unref(columns);
}

static void test_cells_may_be_absent(void **state)
{
    static const char *const names[] = {"a", "b"};
    struct snapshot *snapshot = snapshot_new();
    struct row_set *rows = devices(names, 2);
    struct column_set *columns;
    struct table *table;
    uint64_t value;

    (void)state;
    assert_int_equal(column_set_new(metrics, ELEMENTS(metrics), &columns), 0);
    for (int round = 0; round < 2; round++) {
        table = snapshot_add_table(snapshot, columns, rows);
        assert_non_null(table);
        assert_int_equal(snapshot_series(snapshot), 0);
        table_set(table, 0, 3, UINT64_MAX);
        table_set(table, 1, 0, 5);
        assert_true(table_get(table, 0, 3, &value) && value == UINT64_MAX);
        assert_true(table_get(table, 1, 0, &value) && value == 5);
        assert_false(table_get(table, 0, 0, &value));
        assert_false(table_get(table, 1, 3, &value));
        assert_int_equal(snapshot_series(snapshot), 2);
        assert_int_equal(table_find_column(table, "t_info"), 2);
        assert_int_equal(table_find_column(table, "t_none"), -1);
        snapshot_clear(snapshot); /* the second round must find nothing of the first */
    }
    row_set_unref(rows);
    column_set_unref(columns);
    snapshot_unref(snapshot);
}

static void test_wide_tables(void **state)
{
    enum { WIDTH = 200 };
    struct metric wide[WIDTH];
    char names[WIDTH][16];
    struct snapshot *snapshot = snapshot_new();
    struct row_set *rows = devices((const char *const[]){"a", "b", "c"}, 3);
    struct column_set *columns;
    struct table *table;
    uint64_t value;

    (void)state;
    for (size_t i = 0; i < WIDTH; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "t_%zu_total", i);
        wide[i] = (struct metric){.name = names[i], .help = "Help", .type = METRIC_COUNTER};
    }
    assert_int_equal(column_set_new(wide, WIDTH, &columns), 0);
    table = snapshot_add_table(snapshot, columns, rows);
    for (size_t row = 0; row < 3; row++)
        for (size_t column = row; column < WIDTH; column += 3)
            table_set(table, row, column, row * 1000 + column);
    for (size_t row = 0; row < 3; row++) {
        for (size_t column = 0; column < WIDTH; column++) {
            bool there = table_get(table, row, column, &value);

            assert_int_equal(there, column >= row && (column - row) % 3 == 0);
            assert_true(!there || value == row * 1000 + column);
        }
    }
    row_set_unref(rows);
    column_set_unref(columns);
    snapshot_unref(snapshot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_render_and_give_back),
        cmocka_unit_test(test_rows_refuse_duplicates),
        cmocka_unit_test(test_rows_that_stay),
        cmocka_unit_test(test_rows_of_a_device),
        cmocka_unit_test(test_columns_that_stay),
        cmocka_unit_test(test_row_without_labels),
        cmocka_unit_test(test_headers_of_both_formats),
        cmocka_unit_test(test_cells_may_be_absent),
        cmocka_unit_test(test_wide_tables),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
