/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of node_exporter's names: sums as there, and tables that can be served beside one another. */

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "collectors/collector.h"
#include "collectors/node_names.h"
#include "tests/unit/unit.h"

static const struct node_metric metrics[] = {
    {.metric = {.name = "one", .help = "-", .type = METRIC_GAUGE}, NODE_SUM(0)},
    {.metric = {.name = "sum", .help = "-", .type = METRIC_GAUGE}, NODE_SUM(1, 2, 63)},
    {.metric = {.name = "own", .help = "-", .type = METRIC_GAUGE}},
};

static const struct node_names names = {"test", metrics, ELEMENTS(metrics), NULL};

/* The expected value; -1: it is absent. */
struct sum_case {
    uint64_t present;
    int64_t one, sum;
};

static void test_sums(void **state)
{
    static const struct sum_case cases[] = {
        {0, -1, -1},     {1, 3, -1},
        {2, -1, 5},      {4, -1, -1}, /* as node_exporter: what is not there counts 0, but for the first */
        {2 | 4, -1, 12}, {UINT64_MAX, 3, 23},
    };
    uint64_t values[NODE_VALUES_MAX] = {3, 5, 7, [63] = 11};

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        const int64_t expected[] = {cases[i].one, cases[i].sum, -1};
        struct snapshot *snapshot = snapshot_new();
        struct column_set *columns;
        struct row_set *rows;
        struct table *table;

        assert_int_equal(node_columns_new(&names, &columns), 0);
        assert_int_equal(row_set_new_single(&rows), 0);
        table = snapshot_add_table(snapshot, columns, rows);
        node_fill(&names, table, 0, values, cases[i].present);
        for (size_t column = 0; column < ELEMENTS(metrics); column++) {
            uint64_t value = UINT64_MAX;

            assert_int_equal(table_get(table, 0, column, &value), expected[column] >= 0);
            assert_int_equal((int64_t)value, expected[column]);
            assert_true(columns->columns[column].node_exporter && columns->columns[column].internal);
        }
        column_set_unref(columns);
        row_set_unref(rows);
        snapshot_unref(snapshot);
    }
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A family has one home, or an answer would have it twice. */
static void test_names_are_unique(void **state)
{
    const char *all[1024];
    size_t count = 0;

    (void)state;
    for (size_t i = 0; i < collector_count; i++)
        for (size_t j = 0; collectors[i]->node && collectors[i]->node[j]; j++)
            for (size_t k = 0; k < collectors[i]->node[j]->count; k++) {
                assert_true(count < ELEMENTS(all));
                all[count++] = collectors[i]->node[j]->metrics[k].metric.name;
            }
    assert_true(count > 80);
    qsort(all, count, sizeof(*all), compare);
    for (size_t i = 0; i < count; i++) {
        assert_memory_equal(all[i], "node_", strlen("node_"));
        if (i > 0)
            assert_string_not_equal(all[i - 1], all[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums),
        cmocka_unit_test(test_names_are_unique),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
