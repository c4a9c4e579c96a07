/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/incident/facts_recorded.h"

/* Looks up whether there are recorded packets. Any thread. */

#include <string.h>

#include "daemon/incident/facts.h"

/* Returns the next row, beginning with `row`, in which the column has a number other than 0, or the number of
 * rows if there is none. */
static size_t next_row(const struct table *table, int column, size_t row)
{
    uint64_t count;

    while (row < table->rows->count && !(table_get(table, row, (size_t)column, &count) && count))
        row++;
    return row;
}

static bool are_recorded(const struct snapshots *snapshots)
{
    for (size_t slot = 0; slot < snapshots->count; slot++) {
        const struct snapshot *snapshot = snapshots->items[slot];

        for (size_t i = 0; snapshot && i < snapshot->table_count; i++) {
            const struct table *table = &snapshot->tables[i];
            int column = table_find_role(table, ROLE_DROPS_RECORDED);

            if (column >= 0 && next_row(table, column, 0) < table->rows->count)
                return true;
        }
    }
    return false;
}

static void mark(struct facts *facts, size_t count, const struct table *table)
{
    int column = table_find_role(table, ROLE_DROP_CAUSES);
    char cause[LEDGER_NAME_SIZE];

    if (column < 0)
        return;
    for (size_t row = next_row(table, column, 0); row < table->rows->count;
         row = next_row(table, column, row + 1)) {
        if (row_set_label(table->rows, row, "cause", cause, sizeof(cause)) < 0)
            continue;
        for (size_t i = 0; i < count; i++)
            if (!facts[i].recorded)
                facts[i].recorded = strcmp(facts[i].key.cause, cause) == 0;
    }
}

void facts_recorded(struct facts *facts, size_t count, const struct snapshots *snapshots)
{
    if (!are_recorded(snapshots))
        return;
    for (size_t slot = 0; slot < snapshots->count; slot++) {
        const struct snapshot *snapshot = snapshots->items[slot];

        for (size_t i = 0; snapshot && i < snapshot->table_count; i++)
            mark(facts, count, &snapshot->tables[i]);
    }
}
