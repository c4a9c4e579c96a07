/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/trend/trend_table.h"

/*
 * Follows the counters of one table from step to step. Main thread, under the lock of the trend. A row set is
 * immutable, and replaced when a row comes or goes. While it is the same, a counter is found by its place;
 * when it is replaced, rows are found again by the text of their labels.
 */

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/cleanup.h"

struct trend_watched {
    size_t column;
    const struct meaning *meanings;  /* NULL if the column has none */
    const struct ledger_rule *rules; /* the same */
    bool visited;                    /* for trend_visit(), even without a meaning */
    bool from_zero;                  /* as in struct metric */
};

static void series_release(struct trend_pool *pool, struct trend_cell *cell)
{
    if (!cell->series)
        return;
    pool->items[cell->series - 1].meaning = NULL;
    pool->items[cell->series - 1].source = NULL;
    pool->items[cell->series - 1].moved = pool->free;
    pool->free = cell->series;
    cell->series = 0;
}

/* Returns the index + 1 of an unused record, or 0 if there is none. */
static uint32_t pool_take(struct trend_pool *pool)
{
    uint32_t taken = pool->free;

    if (taken) {
        pool->free = pool->items[taken - 1].moved;
        return taken;
    }
    if (pool->count == TREND_SERIES_MAX) {
        limit_hit(pool->limits, LIMIT_TREND_SERIES);
        return 0;
    }
    if (array_grow(pool->items, pool->count, pool->capacity) < 0)
        return 0;
    return ++pool->count;
}

/* Makes a record for a counter that moves for the first time. Its earlier points are 0 since it is known.
 * Returns NULL if there is no room. */
static struct trend_series *series_new(struct trend_table *source, size_t index, uint32_t step,
                                       struct trend_pool *pool)
{
    struct trend_cell *cell = &source->cells[index];
    uint32_t row = (uint32_t)(index / source->watched_count);
    const struct trend_watched *watched = &source->watched[index % source->watched_count];
    const struct meaning *meaning =
        watched->meanings ? meaning_of_row(watched->meanings, source->rows, row) : NULL;
    struct trend_series *series;

    cell->series = meaning || watched->visited ? pool_take(pool) : 0;
    if (!cell->series)
        return NULL;
    series = &pool->items[cell->series - 1];
    *series = (struct trend_series){
        .meaning = meaning,
        .rule = watched->rules ? ledger_rule_of_row(watched->rules, source->rows, row) : NULL,
        .source = source,
        .column = (uint32_t)watched->column,
        .row = row,
    };
    for (uint32_t i = 0; i < TREND_SLOTS; i++)
        series->points[(step + TREND_SLOTS - i) % TREND_SLOTS] =
            i < step && step - i > cell->since ? 0 : (float)NAN;
    return series;
}

/* Takes a counter's new value. If the counter went back, this step has no rate, and counting goes on from the
 * new value. */
static void cell_take(struct trend_table *source, size_t index, uint64_t value, uint32_t step,
                      struct trend_pool *pool)
{
    struct trend_cell *cell = &source->cells[index];
    struct trend_series *series = NULL;
    bool known = cell->since && value >= cell->value;
    uint64_t moved = value - cell->value;
    float *point;

    if (!known && (cell->since || source->followed) &&
        source->watched[index % source->watched_count].from_zero) {
        known = true;
        moved = value;
        cell->since = step > 1 ? step - 1 : 1; /* 0 would mean unknown */
    }
    if (!known)
        cell->since = step;
    cell->value = value;
    if (!known)
        return;
    if (cell->series)
        series = &pool->items[cell->series - 1];
    else if (moved)
        series = series_new(source, index, step, pool);
    if (!series)
        return;
    point = &series->points[step % TREND_SLOTS];
    *point = (isnan(*point) ? 0 : *point) + (float)moved;
    if (moved)
        series->moved = step;
    else if (step - series->moved >= TREND_POINTS)
        series_release(pool, cell);
}

void trend_table_blind(struct trend_table *source)
{
    size_t count = source->published_ns ? source->rows->count * source->watched_count : 0;

    for (size_t i = 0; i < count; i++)
        source->cells[i].since = 0;
    source->published_ns = 0;
}

void trend_table_done(struct trend_table *source, struct trend_pool *pool)
{
    size_t count = source->rows ? source->rows->count * source->watched_count : 0;

    for (size_t i = 0; i < count && source->cells; i++)
        series_release(pool, &source->cells[i]);
    column_set_unref(source->columns);
    row_set_unref(source->rows);
    free(source->watched);
    free(source->cells);
    *source = (struct trend_table){};
}

/* Finds the columns to watch. */
static int source_columns(struct trend_table *source, struct column_set *columns)
{
    struct trend_watched *watched = calloc(columns->count ? columns->count : 1, sizeof(*watched));
    size_t count = 0;

    if (!watched)
        return -ENOMEM;
    for (size_t i = 0; i < columns->count; i++) {
        const struct column *column = &columns->columns[i];

        bool visited =
            column->ledger || column->role == ROLE_WORKLOAD_DROPS || column->role == ROLE_DROP_CAUSES;

        if (column->meaning || visited)
            watched[count++] = (struct trend_watched){.column = i,
                                                      .meanings = column->meaning,
                                                      .rules = column->ledger,
                                                      .visited = visited,
                                                      .from_zero = column->from_zero};
    }
    source->watched = watched;
    source->watched_count = count;
    source->columns = column_set_ref(columns);
    return 0;
}

/* Moves the state of a row to its new place. */
static void row_move(struct trend_table *source, struct trend_cell *cells, size_t old, size_t place,
                     struct trend_pool *pool)
{
    size_t width = source->watched_count;

    for (size_t i = 0; i < width; i++) {
        struct trend_cell *from = &source->cells[old * width + i];
        struct trend_cell *to = &cells[place * width + i];

        *to = *from;
        from->series = 0;
        if (to->series)
            pool->items[to->series - 1].row = (uint32_t)place;
    }
}

/* Called if the rows changed. Rows that stay keep their state. */
static int source_rows(struct trend_table *source, struct row_set *rows, struct trend_pool *pool)
{
    size_t width = source->watched_count;
    struct trend_cell *cells = calloc(rows->count * width + 1, sizeof(*cells));
    _cleanup_(row_moves_done) struct row_moves moves = {};
    size_t old_count = source->rows ? source->rows->count : 0, old, row;

    if (!cells || row_moves_begin(&moves, source->rows, rows) < 0) {
        free(cells);
        return -ENOMEM;
    }
    while (row_moves_next(&moves, &old, &row))
        row_move(source, cells, old, row, pool);
    for (size_t i = 0; i < old_count * width; i++)
        series_release(pool, &source->cells[i]);
    free(source->cells);
    row_set_unref(source->rows);
    source->cells = cells;
    source->rows = row_set_ref(rows);
    return 0;
}

static int source_shape(struct trend_table *source, const struct table *table, struct trend_pool *pool)
{
    int error = 0;

    if (!column_set_follow(&source->columns, table->columns)) {
        trend_table_done(source, pool);
        error = source_columns(source, table->columns);
    }
    if (error == 0 && source->watched_count && source->rows != table->rows)
        error = source_rows(source, table->rows, pool);
    if (error < 0)
        trend_table_done(source, pool);
    return error;
}

int trend_table_take(struct trend_table *source, const struct table *table, uint64_t published_ns,
                     uint32_t step, struct trend_pool *pool)
{
    uint64_t before_ns = source->published_ns;
    bool same = source->columns == table->columns;
    size_t width;
    int error;

    if (before_ns == published_ns)
        return 0;
    error = source_shape(source, table, pool);
    if (error < 0)
        return error;
    before_ns = source->published_ns; /* the old one is forgotten if the columns changed */
    if (!source->watched_count)
        return 0;
    source->published_ns = published_ns;
    source->followed = before_ns != 0 && same;
    if (before_ns)
        source->elapsed[step % TREND_SLOTS] += (float)(published_ns - before_ns) / (float)NS_PER_SECOND;
    width = source->watched_count;
    for (size_t i = 0; i < table->rows->count * width; i++) {
        uint64_t value;

        if (table_get(table, i / width, source->watched[i % width].column, &value))
            cell_take(source, i, value, step, pool);
        else
            source->cells[i].since = 0;
    }
    return 0;
}

bool trend_table_has(const struct trend_table *source, enum role role)
{
    for (size_t i = 0; i < source->watched_count; i++)
        if (source->columns->columns[source->watched[i].column].role == role)
            return true;
    return false;
}
