/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/incident/facts_recorded.h"

/* Looks up whether there are recorded packets. Any thread. */

#include <string.h>

#include "daemon/incident/facts.h"

/* Returns the next row, beginning with `row`, in which the column has a number other than 0, or the number of
 * rows if there is none. */
static size_t next_row(const struct table *table, size_t column, size_t row)
{
    uint64_t count;

    while (row < table->rows->count && !(table_get(table, row, column, &count) && count))
        row++;
    return row;
}

static bool are_recorded(const struct snapshots *snapshots)
{
    struct table_walk walk = table_walk_begin(snapshots);
    const struct table *table;
    size_t column;

    while ((table = table_walk_role(&walk, ROLE_DROPS_RECORDED, &column)))
        if (next_row(table, column, 0) < table->rows->count)
            return true;
    return false;
}

/* Marks the losses of the cause. Returns how many. */
static size_t mark(struct facts *facts, size_t count, const char *cause)
{
    size_t marked = 0;

    for (size_t i = 0; i < count; i++)
        if (!facts[i].recorded && strcmp(facts[i].key.cause, cause) == 0) {
            facts[i].recorded = true;
            marked++;
        }
    return marked;
}

void facts_recorded(struct facts *facts, size_t count, const struct snapshots *snapshots)
{
    struct table_walk walk = table_walk_begin(snapshots);
    const struct table *table;
    char cause[LEDGER_NAME_SIZE];
    size_t column, left = count;

    if (!are_recorded(snapshots))
        return;
    while ((table = table_walk_role(&walk, ROLE_DROP_CAUSES, &column)))
        for (size_t row = next_row(table, column, 0); left && row < table->rows->count;
             row = next_row(table, column, row + 1))
            if (row_set_label(table->rows, row, "cause", cause, sizeof(cause)) >= 0)
                left -= mark(facts, count, cause);
}
