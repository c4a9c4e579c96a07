/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Histograms: the labels of their buckets, rows that are whole or absent, and what a reader gets back of the
 * page. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/table/histogram.h"
#include "base/table/snapshot.h"
#include "daemon/encode/encode.h"
#include "tests/unit/unit.h"

static void assert_le(uint64_t bound, enum value_type value, const char *text, const char *openmetrics)
{
    const struct metric metric = {
        .type = METRIC_HISTOGRAM, .value = value, .bounds = &bound, .bound_count = 1};
    const char *const expected[EXPOSITION_COUNT] = {text, openmetrics ? openmetrics : text};

    for (enum exposition exposition = 0; exposition < EXPOSITION_COUNT; exposition++) {
        _cleanup_(buffer_done) struct buffer out = {};
        char label[64];

        histogram_render(&out, &metric, exposition);
        (void)snprintf(label, sizeof(label), "le=\"%s\"} ", expected[exposition]);
        assert_string_equal(out.data, label);
        assert_string_equal(out.data + strlen(label) + 1, "le=\"+Inf\"} ");
        assert_int_equal(out.size, strlen(label) + 1 + sizeof("le=\"+Inf\"} "));
    }
}

/* What strconv.FormatFloat(x, 'g', -1, 64) of Go makes of them, and ".0" where it is needed. */
static void test_canonical_numbers(void **state)
{
    (void)state;
    assert_le(0, VALUE_UINT64, "0", "0.0");
    assert_le(1, VALUE_UINT64, "1", "1.0");
    assert_le(10, VALUE_UINT64, "10", "10.0");
    assert_le(16, VALUE_UINT64, "16", "16.0");
    assert_le(100000, VALUE_UINT64, "100000", "100000.0");
    assert_le(999999, VALUE_UINT64, "999999", "999999.0");
    assert_le(1000000, VALUE_UINT64, "1e+06", NULL);
    assert_le(1048576, VALUE_UINT64, "1.048576e+06", NULL);
    assert_le(10000000000, VALUE_UINT64, "1e+10", NULL);
    assert_le(999999999999999, VALUE_UINT64, "9.99999999999999e+14", NULL);
    assert_le(0, VALUE_SECONDS, "0", "0.0");
    assert_le(1, VALUE_SECONDS, "1e-09", NULL);
    assert_le(25, VALUE_SECONDS, "2.5e-08", NULL);
    assert_le(10000, VALUE_SECONDS, "1e-05", NULL);
    assert_le(99999, VALUE_SECONDS, "9.9999e-05", NULL);
    assert_le(100000, VALUE_SECONDS, "0.0001", NULL);
    assert_le(123456789, VALUE_SECONDS, "0.123456789", NULL);
    assert_le(500000000, VALUE_SECONDS, "0.5", NULL);
    assert_le(1000000000, VALUE_SECONDS, "1", "1.0");
    assert_le(2500000000, VALUE_SECONDS, "2.5", NULL);
    assert_le(10000000000, VALUE_SECONDS, "10", "10.0");
    assert_le(100000000000000, VALUE_SECONDS, "100000", "100000.0");
}

/* The text is that of the double that a reader makes of it, in no more digits than it takes. */
static void test_numbers_are_exact_and_short(void **state)
{
    uint64_t random = 7;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        const enum value_type value = i % 2 ? VALUE_SECONDS : VALUE_UINT64;
        _cleanup_(buffer_done) struct buffer out = {};
        uint64_t bound;
        char shortest[64];
        const char *text;
        double number;

        random = random * 6364136223846793005u + 1442695040888963407u;
        bound = (random >> 14) % (UINT64_C(1000000000000000) >> (random >> 9) % 50);
        histogram_render(&out,
                         &(const struct metric){
                             .type = METRIC_HISTOGRAM, .value = value, .bounds = &bound, .bound_count = 1},
                         EXPOSITION_TEXT);
        text = out.data + strlen("le=\"");
        number = value == VALUE_SECONDS ? (double)bound / 1e9 : (double)bound;
        assert_true(strtod(text, NULL) == number);
        for (int digits = 0; digits < 17; digits++) {
            (void)snprintf(shortest, sizeof(shortest), "%.*e", digits, number);
            if (strtod(shortest, NULL) == number)
                break;
        }
        if (strchr(text, 'e'))
            assert_memory_equal(text, shortest, strlen(shortest));
        else
            assert_true(strspn(text, "0123456789.") <= strlen(shortest) + 4);
    }
}

static const uint64_t bounds[] = {1, 4, 16, 64};
enum { BUCKETS = ELEMENTS(bounds) + 1, SERIES = BUCKETS + 2 };

enum { BEFORE, FIRST, BETWEEN, SECOND, COLUMNS };

static const struct metric metrics[COLUMNS] = {
    [BEFORE] = {.name = "t_before_total", .help = "Before", .type = METRIC_COUNTER},
    [FIRST] = {.name = "t_first",
               .help = "First",
               .type = METRIC_HISTOGRAM,
               .bounds = bounds,
               .bound_count = ELEMENTS(bounds)},
    [BETWEEN] = {.name = "t_between", .help = "Between", .type = METRIC_GAUGE},
    [SECOND] = {.name = "t_second", .help = "No bounds: one bucket", .type = METRIC_HISTOGRAM},
};

static struct table *table_new(struct snapshot *snapshot, struct row_set *rows)
{
    struct column_set *columns;
    struct table *table;

    assert_int_equal(column_set_new(metrics, COLUMNS, &columns), 0);
    table = snapshot_add_table(snapshot, columns, rows);
    assert_non_null(table);
    column_set_unref(columns);
    row_set_unref(rows);
    return table;
}

static struct row_set *devices(size_t count)
{
    struct row_set *rows;
    char name[32];

    assert_int_equal(row_set_new((const char *const[]){"device"}, 1, &rows), 0);
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(name, sizeof(name), "eth%zu", i);
        assert_int_equal(row_set_add(rows, (const char *const[]){name}), (int)i);
    }
    row_set_seal(rows);
    return rows;
}

/* Cells of neighbours stay apart; there is all of a histogram or nothing. */
static void test_whole_or_absent(void **state)
{
    static const uint64_t counts[BUCKETS] = {1, 2, 3, 4, 5};
    struct snapshot *snapshot = snapshot_new();
    struct table *table = table_new(snapshot, devices(3));
    uint64_t value;

    (void)state;
    assert_int_equal(snapshot_series(snapshot), 0);
    for (size_t row = 0; row < 3; row++) {
        assert_null(table_histogram(table, row, FIRST));
        assert_null(table_histogram(table, row, SECOND));
    }
    table_set_histogram(table, 1, FIRST, counts, 99);
    assert_int_equal(snapshot_series(snapshot), SERIES);
    table_set_histogram(table, 1, SECOND, &counts[4], 7);
    assert_int_equal(snapshot_series(snapshot), SERIES + 3);
    for (size_t row = 0; row < 3; row++) {
        table_set(table, row, BEFORE, 1000 + row);
        table_set(table, row, BETWEEN, 2000 + row);
    }
    assert_int_equal(snapshot_series(snapshot), SERIES + 3 + 6);
    assert_memory_equal(table_histogram(table, 1, FIRST), counts, sizeof(counts));
    assert_int_equal(*table_histogram(table, 1, SECOND), 5);
    assert_null(table_histogram(table, 0, FIRST));
    assert_null(table_histogram(table, 2, FIRST));
    assert_true(table_get(table, 1, FIRST, &value) && value == 99);
    assert_true(table_get(table, 1, BETWEEN, &value) && value == 2001);
    assert_int_equal(column_series(&table->columns->columns[BEFORE]), 1);
    assert_int_equal(column_series(&table->columns->columns[FIRST]), SERIES);
    assert_int_equal(column_series(&table->columns->columns[SECOND]), 3);
    snapshot_unref(snapshot);
}

static void test_without_labels(void **state)
{
    static const char expected[] = "# HELP t_second No bounds: one bucket.\n# TYPE t_second histogram\n"
                                   "t_second_bucket{le=\"+Inf\"} 4\nt_second_sum 40\nt_second_count 4\n";
    _cleanup_(buffer_done) struct buffer out = {};
    struct snapshot *snapshot = snapshot_new();
    struct row_set *rows;

    (void)state;
    assert_int_equal(row_set_new_single(&rows), 0);
    table_set_histogram(table_new(snapshot, rows), 0, SECOND, (const uint64_t[]){4}, 40);
    for (enum exposition exposition = 0; exposition < EXPOSITION_COUNT; exposition++) {
        buffer_clear(&out);
        encode_snapshot(&out, snapshot, exposition);
        buffer_append(&out, "", 1);
        assert_string_equal(out.data, expected);
    }
    snapshot_unref(snapshot);
}

/* What a reader of the page makes of one sample of FIRST. */
struct sample {
    char suffix[16];
    unsigned row;
    char le[16]; /* "": no such label */
    unsigned long long value;
};

static struct sample sample_of(const char *line)
{
    struct sample sample = {};
    int end = 0;

    if (sscanf(line, "t_first_%15[a-z]{device=\"eth%u\",le=\"%15[^\"]\"} %llu%n", sample.suffix, &sample.row,
               sample.le, &sample.value, &end) < 4 ||
        line[end] != '\n') {
        sample.le[0] = '\0';
        assert_int_equal(sscanf(line, "t_first_%15[a-z]{device=\"eth%u\"} %llu%n", sample.suffix, &sample.row,
                                &sample.value, &end),
                         3);
        assert_int_equal(line[end], '\n');
    }
    return sample;
}

static const char *next_line(const char *line)
{
    return strchr(line, '\n') + 1;
}

/* Reads one row's samples, which must stand in their order, and gives back what was set. */
static const char *read_row(const char *line, size_t row, uint64_t counts[BUCKETS], uint64_t *ret_sum)
{
    unsigned long long below = 0;

    for (size_t i = 0; i < BUCKETS; i++, line = next_line(line)) {
        struct sample sample = sample_of(line);

        assert_string_equal(sample.suffix, "bucket");
        assert_int_equal(sample.row, row);
        if (i < ELEMENTS(bounds))
            assert_true(strtod(sample.le, NULL) == (double)bounds[i]);
        else
            assert_string_equal(sample.le, "+Inf");
        assert_true(sample.value >= below);
        counts[i] = sample.value - below;
        below = sample.value;
    }
    assert_string_equal(sample_of(line).suffix, "sum");
    *ret_sum = sample_of(line).value;
    line = next_line(line);
    assert_string_equal(sample_of(line).suffix, "count");
    assert_int_equal(sample_of(line).value, below);
    assert_string_equal(sample_of(line).le, "");
    return next_line(line);
}

static void test_round_trip(void **state)
{
    enum { ROWS = 500 };
    static uint64_t counts[ROWS][BUCKETS], sums[ROWS];
    uint64_t read[BUCKETS], sum, random = 3;
    struct snapshot *snapshot = snapshot_new();
    struct table *table = table_new(snapshot, devices(ROWS));

    (void)state;
    for (size_t row = 0; row < ROWS; row++) {
        for (size_t i = 0; i < BUCKETS; i++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            counts[row][i] = random >> (8 + random % 56); /* all of a row's are below 2^64 */
        }
        sums[row] = random;
        if (row % 7)
            table_set_histogram(table, row, FIRST, counts[row], sums[row]);
    }
    for (enum exposition exposition = 0; exposition < EXPOSITION_COUNT; exposition++) {
        _cleanup_(buffer_done) struct buffer out = {};
        const char *line;

        encode_snapshot(&out, snapshot, exposition);
        buffer_append(&out, "", 1);
        line = next_line(next_line(out.data));
        for (size_t row = 0; row < ROWS; row++) {
            if (row % 7 == 0)
                continue;
            line = read_row(line, row, read, &sum);
            assert_memory_equal(read, counts[row], sizeof(read));
            assert_true(sum == sums[row]);
        }
        assert_string_equal(line, "");
    }
    snapshot_unref(snapshot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_canonical_numbers), cmocka_unit_test(test_numbers_are_exact_and_short),
        cmocka_unit_test(test_whole_or_absent),   cmocka_unit_test(test_without_labels),
        cmocka_unit_test(test_round_trip),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
