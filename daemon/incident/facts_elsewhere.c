/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/incident/facts_elsewhere.h"

/* Looks up the network namespaces of drops by cause. Any thread. */

#include <string.h>

#include "daemon/incident/facts.h"

struct search {
    struct facts *facts;
    size_t count;
};

static bool has_device(const struct facts *facts)
{
    return *facts->device || facts->device_count > 1;
}

static enum fact_namespace namespace_of_row(const struct row_set *rows, size_t row)
{
    if (label_value_holds(&(struct label_value){"netns", "self"}, rows, row))
        return FACT_OURS;
    return label_value_holds(&(struct label_value){"netns", ""}, rows, row) ? FACT_NOBODYS : FACT_OTHERS;
}

bool facts_may_be_in(const struct facts *facts, const struct row_set *rows, size_t row)
{
    return !facts->elsewhere || facts->elsewhere & namespace_of_row(rows, row);
}

static bool is_without_device(const struct row_set *rows, size_t row)
{
    return label_value_holds(&(struct label_value){"device", ""}, rows, row);
}

/* Takes a row of drops by cause and without a device, which tells whether they were in another namespace. */
static void take_cause(struct facts *facts, size_t count, const struct row_set *rows, size_t row)
{
    char cause[LEDGER_NAME_SIZE], direction[16];
    enum fact_namespace whose;

    if (row_set_label(rows, row, "cause", cause, sizeof(cause)) < 0 ||
        row_set_label(rows, row, "direction", direction, sizeof(direction)) < 0)
        return;
    whose = namespace_of_row(rows, row);
    for (size_t i = 0; i < count; i++)
        if (!has_device(&facts[i]) && strcmp(cause, facts[i].key.cause) == 0 &&
            strcmp(direction, direction_name(facts[i].key.direction)) == 0)
            facts[i].elsewhere |= whose;
}

static bool on_wants(void *data, const struct trend_counter *counter)
{
    (void)data;
    return counter->column->role == ROLE_DROP_CAUSES && is_without_device(counter->rows, counter->row);
}

static void on_take(void *data, const struct trend_counter *counter)
{
    const struct search *search = data;

    take_cause(search->facts, search->count, counter->rows, counter->row);
}

/* The same for rows that have not moved since the trends know them. The ledger begins before the trends, so
 * it has earlier losses; this finds them. */
static void find_still_causes(struct facts *facts, const struct snapshots *snapshots)
{
    struct table_walk walk = table_walk_begin(snapshots);
    const struct table *table;
    size_t column;
    uint64_t drops;

    while (!has_device(facts) && !facts->elsewhere &&
           (table = table_walk_role(&walk, ROLE_DROP_CAUSES, &column)))
        for (size_t row = 0; row < table->rows->count; row++)
            if (table_get(table, row, column, &drops) && drops > 0 && is_without_device(table->rows, row))
                take_cause(facts, 1, table->rows, row);
}

void facts_elsewhere(struct facts *facts, size_t count, const struct snapshots *snapshots,
                     struct trend *trend)
{
    struct search search = {.facts = facts, .count = count};
    const struct trend_question question = {.points = TREND_POINTS};
    const struct trend_visitor visitor = {.wants = on_wants, .take = on_take, .data = &search};
    size_t with_device = 0;

    while (with_device < count && has_device(&facts[with_device]))
        with_device++;
    if (with_device == count)
        return;
    trend_visit(trend, &question, &visitor);
    for (size_t i = 0; i < count; i++)
        find_still_causes(&facts[i], snapshots);
}
