/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/ledger/ledger_table.h"

/*
 * Follows the counters of loss in one table of a collector. Called under the lock of the ledger. While the
 * rows are the same, counters are found by their place; when rows change, by the text of their labels.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/* A rule with the numbers of its causes. */
struct ledger_resolved {
    const struct ledger_rule *rule;
    bool of_peer; /* a cause is counted at the other end of a veth device */
    int same;     /* the column whose counter may be the same; -1: none */
    struct ledger_joint joints[LEDGER_EDGES_MAX + 1];
};

struct ledger_watched {
    size_t column;
    struct ledger_resolved *rules; /* the last one has no rule */
};

struct ledger_cell {
    uint64_t value;
    uint32_t record; /* index + 1; 0: none */
    bool known;
    bool blind; /* first seen while no drop sites were counted */
    uint16_t
        rule; /* index + 1 of the rule that fits its row, or of the end of the list; 0: not looked up yet */
};

static void cell_forget(struct ledger_table *known, struct ledger_cell *cell)
{
    ledger_record_free(&known->records, &cell->record);
    cell->known = cell->blind = false;
}

static void watched_free(struct ledger_table *known)
{
    for (size_t i = 0; i < known->watched_count; i++)
        free(known->watched[i].rules);
    free(known->watched);
    known->watched = NULL;
    known->watched_count = 0;
}

void ledger_table_done(struct ledger_table *known)
{
    watched_free(known);
    column_set_unref(known->columns);
    row_set_unref(known->rows);
    free(known->cells);
    free(known->records.items);
    *known = (struct ledger_table){};
}

void ledger_table_blind(struct ledger_table *known)
{
    size_t count = known->rows && known->settled_ns ? known->rows->count * known->watched_count : 0;

    for (size_t i = 0; i < count; i++)
        cell_forget(known, &known->cells[i]);
    known->settled_ns = 0;
}

static int find_column(const struct column_set *columns, const char *name)
{
    for (size_t i = 0; i < columns->count; i++)
        if (strcmp(columns->columns[i].name, name) == 0)
            return (int)i;
    return -1;
}

static int resolve(const struct ledger_rule *rule, const struct column_set *columns,
                   struct ledger_names *causes, struct ledger_resolved *ret)
{
    size_t count = 0;

    ret->rule = rule;
    ret->same = rule->same ? find_column(columns, rule->same) : -1;
    for (; count < LEDGER_EDGES_MAX && rule->by[count].cause; count++) {
        int cause = ledger_name(causes, rule->by[count].cause);

        if (cause < 0)
            return cause;
        ret->joints[count] = (struct ledger_joint){.cause = cause, .join = rule->by[count].join};
        ret->of_peer |= rule->by[count].join == JOIN_PEER;
    }
    ret->joints[count].cause = -1;
    return 0;
}

/* Counts the rules. A rule that fits all rows is the last. */
static size_t rule_count(const struct ledger_rule *rules)
{
    size_t count = 0;

    while (rules[count].mode != LEDGER_NONE && rules[count++].when.label)
        ;
    return count;
}

static bool makes_rows(const struct ledger_rule *rules)
{
    for (size_t i = 0; i < rule_count(rules); i++)
        if (rules[i].mode == LEDGER_REST || rules[i].mode == LEDGER_ROW)
            return true;
    return false;
}

static int watch(struct ledger_watched *watched, const struct ledger_rule *rules,
                 const struct column_set *columns, struct ledger_names *causes)
{
    size_t count = rule_count(rules);

    watched->rules = calloc(count + 1, sizeof(*watched->rules));
    if (!watched->rules)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        if (resolve(&rules[i], columns, causes, &watched->rules[i]) < 0)
            return -ENOMEM;
    return 0;
}

static int take_columns(struct ledger_table *known, struct column_set *columns, struct ledger_names *causes)
{
    known->watched = calloc(columns->count ? columns->count : 1, sizeof(*known->watched));
    if (!known->watched)
        return -ENOMEM;
    known->columns = column_set_ref(columns);
    for (size_t column = 0; column < columns->count; column++) {
        const struct ledger_rule *rules = columns->columns[column].ledger;

        if (!rules || !makes_rows(rules))
            continue;
        known->watched[known->watched_count].column = column;
        if (watch(&known->watched[known->watched_count++], rules, columns, causes) < 0)
            return -ENOMEM;
    }
    return 0;
}

/* Called if the rows changed. Rows that stay keep their state. */
static int take_rows(struct ledger_table *known, struct row_set *rows)
{
    size_t width = known->watched_count, old_count = known->rows ? known->rows->count : 0, old, row;
    _cleanup_(row_moves_done) struct row_moves moves = {};
    struct ledger_cell *cells = calloc(rows->count * width + 1, sizeof(*cells));

    if (!cells || row_moves_begin(&moves, known->rows, rows) < 0) {
        free(cells);
        return -ENOMEM;
    }
    while (row_moves_next(&moves, &old, &row))
        for (size_t i = 0; i < width; i++) {
            cells[row * width + i] = known->cells[old * width + i];
            known->cells[old * width + i].record = 0;
        }
    for (size_t i = 0; i < old_count * width; i++)
        ledger_record_free(&known->records, &known->cells[i].record);
    free(known->cells);
    row_set_unref(known->rows);
    known->cells = cells;
    known->rows = row_set_ref(rows);
    return 0;
}

static int take_shape(struct ledger_table *known, const struct table *table, struct ledger_names *causes)
{
    int error = 0;

    if (!column_set_follow(&known->columns, table->columns)) {
        ledger_table_done(known);
        error = take_columns(known, table->columns, causes);
    }
    if (error == 0 && known->watched_count && known->rows != table->rows)
        error = take_rows(known, table->rows);
    if (error < 0)
        ledger_table_done(known);
    return error;
}

/* Looks a rule up only once: a row keeps its labels while it keeps its place, and when it moves. */
static const struct ledger_resolved *rule_of(const struct ledger_watched *watched, struct ledger_cell *cell,
                                             const struct row_set *rows, size_t row)
{
    const struct ledger_resolved *at = watched->rules;

    if (!cell->rule) {
        while (at->rule && at->rule->when.label && !label_value_holds(&at->rule->when, rows, row))
            at++;
        cell->rule = (uint16_t)(at - watched->rules + 1);
    }
    at = &watched->rules[cell->rule - 1];
    return at->rule ? at : NULL;
}

/* A counter that is being compared. */
struct look {
    const struct ledger_round *round;
    struct ledger_table *known;
    size_t row;
    const struct ledger_resolved *rule;
    struct ledger_cell *cell;
    struct ledger_place place;
    bool elsewhere; /* the other end of the device is in another namespace */
};

static void look_at_place(struct look *look)
{
    char text[LEDGER_DEVICE_SIZE];
    const struct row_set *rows = look->known->rows;

    look->place = (struct ledger_place){};
    if (row_set_label(rows, look->row, "device", text, sizeof(text)) >= 0)
        look->place.device = ledger_device(text);
    if (row_set_label(rows, look->row, "ip_version", text, sizeof(text)) >= 0)
        look->place.ip_version = text[0];
    look->elsewhere = false;
    if (look->rule->of_peer)
        look->place.peer = ledger_peer(look->round->peers, look->place.device, &look->elsewhere);
}

static int give(const struct look *look, uint64_t packets)
{
    const struct ledger_rule *rule = look->rule->rule;
    char device[LEDGER_DEVICE_SIZE] = "", cause[LEDGER_NAME_SIZE] = "unexplained";
    struct ledger_key key;

    (void)row_set_label(look->known->rows, look->row, "device", device, sizeof(device));
    if (rule->mode == LEDGER_ROW)
        meaning_text(rule->cause, look->known->rows, look->row, cause, sizeof(cause));
    key = ledger_key(rule->stage,
                     rule->direction ? rule->direction : ledger_direction(look->known->rows, look->row),
                     rule->mode == LEDGER_ROW ? rule->loss_class : LOSS_UNKNOWN, device, cause);
    return look->round->give(look->round->data, &key, packets);
}

/* For counters whose packets no drop site sees. The first value belongs to the time before. */
static int look_at_row(struct look *look, uint64_t value)
{
    struct ledger_cell *cell = look->cell;
    uint64_t by = cell->known && value > cell->value ? value - cell->value : 0;
    int error = by ? give(look, by) : 0;

    if (error < 0)
        return error;
    cell->known = true;
    cell->value = value;
    return 0;
}

/* Begins to compare the counter from now on, if drops are known that were read before it. */
static int begin(struct look *look, uint64_t value)
{
    const struct ledger_round *round = look->round;
    struct ledger_cell *cell = look->cell;
    uint64_t explained;

    ledger_record_free(&look->known->records, &cell->record);
    cell->value = value;
    cell->known = round->base;
    if (!round->base)
        return 0;
    explained = ledger_drops_explain(round->drops, look->rule->joints, &look->place, true);
    return explained ? ledger_record_new(&look->known->records, value, explained, &cell->record) : 0;
}

static int compare(struct look *look, uint64_t value)
{
    const struct ledger_round *round = look->round;
    struct ledger_record *record;
    uint64_t explained, left, sure;
    struct ledger_records *records = &look->known->records;
    struct ledger_cell *cell = look->cell;
    int error = cell->record ? 0 : ledger_record_new(records, cell->value, 0, &cell->record);

    if (error < 0)
        return error;
    record = &records->items[cell->record - 1];
    explained = ledger_drops_explain(round->drops, look->rule->joints, &look->place, false);
    left = value - record->base;
    left -= explained - record->explained < left ? explained - record->explained : left;
    if (left && look->elsewhere) {
        round->unseen(round->data);
        return begin(look, value);
    }
    sure = left < record->last ? left : record->last;
    if (sure > record->counted) {
        error = give(look, sure - record->counted);
        if (error < 0)
            return error;
        record->counted = sure;
    }
    record->last = left;
    cell->value = value;
    return 0;
}

/* Without drop sites every rise is unexplained, except a veth's transmit_dropped, which the other end counts
 * as received. The first value belongs to the time before. */
static int look_blindly(struct look *look, uint64_t value)
{
    struct ledger_cell *cell = look->cell;

    if (cell->blind || (look->place.peer && look->rule->rule->direction == DIRECTION_TRANSMIT))
        return cell->blind ? look_at_row(look, value) : 0;
    ledger_record_free(&look->known->records, &cell->record);
    cell->value = value;
    cell->known = cell->blind = true;
    return 0;
}

static int look_at(struct look *look, uint64_t value)
{
    const struct ledger_round *round = look->round;
    const struct ledger_resolved *rule = look->rule;
    struct ledger_cell *cell = look->cell;
    bool told;

    look_at_place(look);
    told = rule->rule->unless && round->told(round->data, rule->rule->unless, look->place.device);
    if (!told && rule->rule->mode == LEDGER_ROW && rule->joints[0].cause < 0)
        return look_at_row(look, value);
    if (!told && round->blind)
        return look_blindly(look, value);
    if (told || round->drops->broken || cell->blind) {
        cell_forget(look->known, cell);
        return 0;
    }
    if (!cell->known || value < cell->value)
        return begin(look, value);
    return compare(look, value);
}

/* Returns true if the driver reports one counter under two names. */
static bool is_told(const struct look *look, const struct table *table, uint64_t value)
{
    uint64_t other;

    return look->rule->same >= 0 && value && table_get(table, look->row, (size_t)look->rule->same, &other) &&
           other == value;
}

static int look_at_cell(struct look *look, const struct table *table, size_t index)
{
    size_t width = look->known->watched_count;
    const struct ledger_watched *watched = &look->known->watched[index % width];
    uint64_t value;

    look->row = index / width;
    look->cell = &look->known->cells[index];
    if (!table_get(table, look->row, watched->column, &value)) {
        cell_forget(look->known, look->cell);
        return 0;
    }
    if (look->cell->known && value == look->cell->value && !look->cell->record &&
        look->cell->blind == look->round->blind)
        return 0;
    look->rule = rule_of(watched, look->cell, table->rows, look->row);
    if (!look->rule || (look->rule->rule->mode != LEDGER_REST && look->rule->rule->mode != LEDGER_ROW))
        return 0;
    if (!is_told(look, table, value))
        return look_at(look, value);
    cell_forget(look->known, look->cell);
    return 0;
}

int ledger_table_settle(struct ledger_table *known, const struct table *table,
                        const struct ledger_round *round)
{
    struct look look = {.round = round, .known = known};
    int error;

    if (known->settled_ns == round->ended_ns)
        return 0;
    error = take_shape(known, table, round->causes);
    for (size_t i = 0; error == 0 && i < table->rows->count * known->watched_count; i++)
        error = look_at_cell(&look, table, i);
    if (error == 0 && known->watched_count)
        known->settled_ns = round->ended_ns;
    return error;
}

bool ledger_table_tells(const struct ledger_table *known, const char *metric, uint64_t device)
{
    char text[LEDGER_DEVICE_SIZE];
    int column = known->columns ? find_column(known->columns, metric) : -1;

    for (size_t row = 0; column >= 0 && known->rows && row < known->rows->count; row++)
        if (row_set_label(known->rows, row, "device", text, sizeof(text)) >= 0 &&
            ledger_device(text) == device)
            return true;
    return false;
}
