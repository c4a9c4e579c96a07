/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/netns/namespace_rows.h"

/* Makes the tables of the netns collector for a snapshot. The collector's thread. */

#include <errno.h>

#include "base/cleanup.h"

static const struct ledger_rule totals_ledger[] = {
    {.mode = LEDGER_DETAIL, .source = "The sums of the counters of other namespaces, which tell it"},
    {},
};

static const struct metric totals_metric = {
    .name = "netdrop_namespace_losses_total",
    .help = "Sum of a netdrop_namespace_* counter over all workloads, including those without a row any "
            "more",
    .type = METRIC_COUNTER,
    .ledger = totals_ledger,
};

static const struct metric count_metric = {
    .name = "netdrop_namespaces",
    .help = "Other network namespaces with processes that are read, as far as the limit allows",
    .source = "/proc/PID/net",
    .type = METRIC_GAUGE,
};

static const char *const labels[] = {"unit", "container_id", "pod_uid", "ip_version"};

int namespace_rows_init(struct namespace_rows *rows)
{
    int error;

    *rows = (struct namespace_rows){};
    error = namespace_columns_init(&rows->columns);
    if (error == 0)
        error = column_set_new(&totals_metric, 1, &rows->totals);
    if (error == 0)
        error = column_set_new(&count_metric, 1, &rows->count);
    if (error == 0)
        error = row_set_new_single(&rows->single);
    return error;
}

void namespace_rows_done(struct namespace_rows *rows)
{
    namespace_columns_done(&rows->columns);
    column_set_unref(rows->totals);
    column_set_unref(rows->count);
    row_set_unref(rows->single);
    for (size_t i = 0; i < NAMESPACE_TABLE_COUNT; i++)
        row_set_unref(rows->rows[i]);
    *rows = (struct namespace_rows){};
}

static size_t rows_of(enum namespace_table table)
{
    return table == NAMESPACE_VERSIONED ? 2 : 1;
}

static int add_rows(struct row_set *set, enum namespace_table table, const struct workload *who)
{
    static const char *const versions[] = {"4", "6"};
    int error = 0;

    for (size_t i = 0; i < rows_of(table) && error >= 0; i++)
        error =
            row_set_add(set, (const char *const[]){who->unit, who->container_id, who->pod_uid, versions[i]});
    return error < 0 ? error : 0;
}

/* Renders the workloads by number, the first of which is the unknown owner; then `other`. */
static int render_table(const struct namespace_book *book, enum namespace_table table,
                        struct row_set **ret_rows)
{
    static const struct workload unknown = {.unit = "unknown"}, other = {.unit = "other"};
    size_t label_count = ELEMENTS(labels) - (table == NAMESPACE_PLAIN);
    _cleanup_(row_set_unrefp) struct row_set *set = NULL;
    int error = row_set_new(labels, label_count, &set);

    for (size_t i = 0; i < book->sums_count && error == 0; i++)
        if (book->sums[i].shown)
            error =
                add_rows(set, table,
                         i == WORKLOAD_NOBODY ? &unknown : workload_table_get(&book->workloads, (uint32_t)i));
    if (error == 0 && book->other.shown)
        error = add_rows(set, table, &other);
    if (error < 0)
        return error;
    row_set_replace(ret_rows, take_ptr(set));
    return 0;
}

static int render(struct namespace_rows *rows, const struct namespace_book *book)
{
    int error = 0;

    if (rows->generation == book->generation)
        return 0;
    for (enum namespace_table table = 0; table < NAMESPACE_TABLE_COUNT && error == 0; table++)
        error = render_table(book, table, &rows->rows[table]);
    if (error == 0)
        rows->generation = book->generation;
    return error;
}

/* Fills row n of every table. */
static void fill_sums(const struct namespace_rows *rows, const struct namespace_book *book,
                      struct table *const tables[NAMESPACE_TABLE_COUNT], const struct namespace_sums *sums,
                      size_t n)
{
    for (size_t i = 0; i < NAMESPACE_COUNTERS; i++) {
        const struct namespace_cell *cell = &rows->columns.cells[i];

        if (book->present[i])
            table_set(tables[cell->table], n * rows_of(cell->table) + cell->row, cell->column,
                      sums->values[i]);
    }
}

static int fill_workloads(struct namespace_rows *rows, const struct namespace_book *book,
                          struct snapshot *draft)
{
    struct table *tables[NAMESPACE_TABLE_COUNT];
    size_t n = 0;

    for (size_t i = 0; i < NAMESPACE_TABLE_COUNT; i++) {
        tables[i] = snapshot_add_table(draft, rows->columns.sets[i], rows->rows[i]);
        if (!tables[i])
            return -ENOMEM;
    }
    for (size_t i = 0; i < book->sums_count; i++)
        if (book->sums[i].shown)
            fill_sums(rows, book, tables, &book->sums[i], n++);
    if (book->other.shown)
        fill_sums(rows, book, tables, &book->other, n);
    return 0;
}

int namespace_rows_fill(struct namespace_rows *rows, struct namespace_book *book, struct snapshot *draft)
{
    struct table *totals, *count;
    int error = render(rows, book);

    if (error == 0)
        error = fill_workloads(rows, book, draft);
    if (error < 0)
        return error;
    totals = snapshot_add_table(draft, rows->totals, rows->columns.counters);
    count = snapshot_add_table(draft, rows->count, rows->single);
    if (!totals || !count)
        return -ENOMEM;
    for (size_t i = 0; i < NAMESPACE_COUNTERS; i++)
        table_set(totals, i, 0, book->totals[i]);
    table_set(count, 0, 0, book->there);
    snapshot_limit(draft, book->there, book->max);
    snapshot_limit(draft, namespace_book_staying(book),
                   book->workloads.max - 1); /* without WORKLOAD_NOBODY */
    return 0;
}
