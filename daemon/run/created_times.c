/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/run/created_times.h"

/* Follows since when each row counts, from one snapshot to the next. The collector's thread. */

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"

/* What is known of one table, from the last snapshot that had it. */
struct known_table {
    struct column_set *columns; /* NULL if free */
    struct row_set *rows;
    struct created *created;
    uint64_t begun_ns; /* when that snapshot's collection began */
};

struct created_times {
    uint64_t began_ns; /* when counting began; 0 if there was no snapshot yet */
    int64_t offset_ns; /* CLOCK_REALTIME minus CLOCK_BOOTTIME */
    struct known_table tables[SNAPSHOT_TABLES_MAX];
};

struct created_times *created_times_new(void)
{
    return calloc(1, sizeof(struct created_times));
}

static void known_done(struct known_table *known)
{
    column_set_unref(known->columns);
    row_set_unref(known->rows);
    created_unref(known->created);
}

struct created_times *created_times_free(struct created_times *times)
{
    for (size_t i = 0; times && i < ELEMENTS(times->tables); i++)
        known_done(&times->tables[i]);
    free(times);
    return NULL;
}

/* The name of its first column identifies a table. */
static const char *name_of(const struct column_set *columns)
{
    return columns->columns[0].name;
}

/* Returns the table's place, or a free one if the table is not known, or NULL. */
static struct known_table *find_known(struct created_times *times, const struct column_set *columns)
{
    struct known_table *unused = NULL;

    for (size_t i = 0; i < ELEMENTS(times->tables); i++) {
        struct known_table *known = &times->tables[i];

        if (!known->columns)
            unused = unused ? unused : known;
        else if (known->columns == columns || strcmp(name_of(known->columns), name_of(columns)) == 0)
            return known;
    }
    return unused;
}

/* Known rows keep their time; the others get `since_ns`. Returns NULL if memory runs out. */
static struct created *make_times(const struct known_table *known, const struct row_set *rows,
                                  uint64_t since_ns)
{
    _cleanup_(row_moves_done) struct row_moves moves = {};
    struct created *created = created_new(rows->count);
    size_t old, row;

    if (!created || row_moves_begin(&moves, known->rows, rows) < 0)
        return created_unref(created);
    for (row = 0; row < rows->count; row++)
        created->ns[row] = since_ns;
    while (row_moves_next(&moves, &old, &row))
        created->ns[row] = known->created->ns[old];
    return created;
}

/* Other columns belong to a new instance of the collector; then rows may only have new names. */
static bool follow(struct known_table *known, const struct table *table, uint64_t began_ns)
{
    uint64_t since_ns = known->columns == table->columns ? known->begun_ns : began_ns;
    struct created *created = make_times(known, table->rows, since_ns);

    if (!created)
        return false;
    known_done(known);
    known->columns = column_set_ref(table->columns);
    known->rows = row_set_ref(table->rows);
    known->created = created;
    return true;
}

static bool comes_and_goes(const struct table *table)
{
    for (size_t i = 0; i < table->columns->count; i++)
        if (table->columns->columns[i].from_zero)
            return true;
    return false;
}

static void put_table(struct created_times *times, struct table *table, uint64_t begun_ns)
{
    struct known_table *known = comes_and_goes(table) ? find_known(times, table->columns) : NULL;

    if (!known)
        return;
    if ((known->columns != table->columns || known->rows != table->rows) &&
        !follow(known, table, times->began_ns))
        return;
    known->begun_ns = begun_ns;
    table->created = created_ref(known->created);
    table->created_offset_ns = times->offset_ns;
}

/* Ignores small differences: the two clocks are not read at the same moment, and a time must not creep. */
static void follow_clock(struct created_times *times, int64_t offset_ns)
{
    if (llabs(offset_ns - times->offset_ns) > (int64_t)NS_PER_SECOND)
        times->offset_ns = offset_ns;
}

void created_times_put(struct created_times *times, struct snapshot *snapshot, uint64_t tried_ns,
                       uint64_t realtime_ns)
{
    if (!times)
        return;
    follow_clock(times, (int64_t)(realtime_ns - snapshot->published_ns));
    if (!times->began_ns)
        times->began_ns = snapshot->counted_since_ns ? snapshot->counted_since_ns : tried_ns;
    for (size_t i = 0; i < snapshot->table_count; i++)
        put_table(times, &snapshot->tables[i], snapshot->began_ns);
}
