/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/ledger/ledger_sheet.h"

/*
 * Makes the tables that the ledger shows. Called under the lock of the ledger. Texts are rendered only when
 * rows are added; otherwise numbers are copied.
 */

#include <errno.h>

#include "base/array.h"
#include "base/cleanup.h"

/* Rows of refused packets have no label `class`: the name of the family says it. */
enum { LABELS_LOST = 5, LABELS_REFUSED = 4 };

static const char *const row_labels[LABELS_LOST] = {"stage", "direction", "device", "cause", "class"};

static const char *const reasons[LEDGER_REASON_COUNT] = {
    [LEDGER_SITES_NOT_COUNTED] = "sites_not_counted",
    [LEDGER_COUNTERS_NOT_READ] = "counters_not_read",
    [LEDGER_EVENTS_LOST] = "events_lost",
    [LEDGER_NAMESPACES_UNSEEN] = "namespaces_unseen",
};

/* The stages and directions that always have rows, in the order of a packet's way. */
static const struct {
    enum stage stage;
    enum direction direction;
} ways[] = {
    {STAGE_NIC, DIRECTION_RECEIVE},        {STAGE_DRIVER, DIRECTION_RECEIVE},
    {STAGE_INGRESS, DIRECTION_RECEIVE},    {STAGE_NETWORK, DIRECTION_RECEIVE},
    {STAGE_TRANSPORT, DIRECTION_RECEIVE},  {STAGE_NETWORK, DIRECTION_FORWARD},
    {STAGE_EGRESS, DIRECTION_FORWARD},     {STAGE_DRIVER, DIRECTION_FORWARD},
    {STAGE_TRANSPORT, DIRECTION_TRANSMIT}, {STAGE_NETWORK, DIRECTION_TRANSMIT},
    {STAGE_EGRESS, DIRECTION_TRANSMIT},    {STAGE_DRIVER, DIRECTION_TRANSMIT},
    {STAGE_NIC, DIRECTION_TRANSMIT},       {STAGE_UNKNOWN, DIRECTION_RECEIVE},
    {STAGE_UNKNOWN, DIRECTION_FORWARD},    {STAGE_UNKNOWN, DIRECTION_TRANSMIT},
    {STAGE_UNKNOWN, DIRECTION_NONE},
};

static unsigned way_of(enum stage stage, enum direction direction)
{
    return (unsigned)stage * DIRECTION_COUNT + (unsigned)direction;
}

static const enum loss_class lost_classes[] = {LOSS_CAPACITY, LOSS_ERROR, LOSS_UNKNOWN};

int ledger_sheet_init(struct ledger_sheet *sheet, struct limits *limits)
{
    _cleanup_(row_set_unrefp) struct row_set *rows = NULL;
    const char *reason = "reason";
    int error = row_set_new(&reason, 1, &rows);

    *sheet = (struct ledger_sheet){
        .lost = {.max = LEDGER_LOST_MAX, .limits = limits},
        .refused = {.max = LEDGER_REFUSED_MAX, .limits = limits},
        .ways_moved = true,
    };
    for (size_t i = 0; i < ELEMENTS(ways); i++)
        sheet->shown[way_of(ways[i].stage, ways[i].direction)] = true;
    for (size_t i = 0; i < LEDGER_FAMILY_COUNT && error >= 0; i++)
        error = column_set_new(&ledger_metrics[i], 1, &sheet->columns[i]);
    for (size_t i = 0; i < ELEMENTS(reasons) && error >= 0; i++)
        error = row_set_add(rows, &reasons[i]);
    if (error < 0)
        return error;
    row_set_replace(&sheet->rendered[LEDGER_FAMILY_COMPLETE], take_ptr(rows));
    return 0;
}

void ledger_sheet_done(struct ledger_sheet *sheet)
{
    ledger_rows_done(&sheet->lost);
    ledger_rows_done(&sheet->refused);
    for (size_t i = 0; i < LEDGER_FAMILY_COUNT; i++) {
        column_set_unref(sheet->columns[i]);
        row_set_unref(sheet->rendered[i]);
    }
}

static bool is_lost(enum loss_class loss_class)
{
    for (size_t i = 0; i < ELEMENTS(lost_classes); i++)
        if (lost_classes[i] == loss_class)
            return true;
    return false;
}

static void add_to_stage(struct ledger_sheet *sheet, const struct ledger_key *key, uint64_t packets)
{
    unsigned way = way_of(key->stage, key->direction);

    sheet->ways[way][key->loss_class] += packets;
    sheet->ways_moved |= !sheet->shown[way];
    sheet->shown[way] = true;
}

int ledger_sheet_add(struct ledger_sheet *sheet, const struct ledger_key *key, int *row, uint64_t packets)
{
    bool lost = is_lost(key->loss_class);
    struct ledger_rows *rows = lost ? &sheet->lost : &sheet->refused;

    if (!lost && key->loss_class != LOSS_POLICY)
        return 0;
    if (*row < 0)
        *row = ledger_rows_find(rows, key);
    if (*row < 0)
        return *row;
    rows->items[*row].count += packets;
    if (lost)
        add_to_stage(sheet, key, packets);
    return 0;
}

void ledger_sheet_unseen(struct ledger_sheet *sheet, uint64_t unseen)
{
    const struct ledger_key key = ledger_key(STAGE_UNKNOWN, DIRECTION_NONE, LOSS_UNKNOWN, "", "events_lost");
    int row = -1;

    if (unseen > sheet->unseen && ledger_sheet_add(sheet, &key, &row, unseen - sheet->unseen) == 0)
        sheet->unseen = unseen;
}

void ledger_sheet_complete(struct ledger_sheet *sheet, enum ledger_reason reason, bool complete)
{
    sheet->complete[reason] = complete;
}

static int render_rows(const struct ledger_rows *from, size_t label_count, struct row_set **place)
{
    _cleanup_(row_set_unrefp) struct row_set *rows = NULL;
    int error = row_set_new(row_labels, label_count, &rows);

    for (size_t i = 0; i < from->count && error >= 0; i++) {
        const struct ledger_key *key = &from->items[i].key;

        error = row_set_add(rows,
                            (const char *const[]){stage_name(key->stage), direction_name(key->direction),
                                                  key->device, key->cause, loss_class_name(key->loss_class)});
    }
    if (error < 0)
        return error;
    row_set_replace(place, take_ptr(rows));
    return 0;
}

static int render_stages(struct ledger_sheet *sheet)
{
    static const char *const labels[] = {"stage", "direction", "class"};
    _cleanup_(row_set_unrefp) struct row_set *rows = NULL;
    int error = row_set_new(labels, ELEMENTS(labels), &rows);

    for (unsigned at = 0; at < LEDGER_WAYS * ELEMENTS(lost_classes) && error >= 0; at++) {
        unsigned way = at / ELEMENTS(lost_classes);

        if (sheet->shown[way])
            error = row_set_add(
                rows, (const char *const[]){stage_name((enum stage)(way / DIRECTION_COUNT)),
                                            direction_name((enum direction)(way % DIRECTION_COUNT)),
                                            loss_class_name(lost_classes[at % ELEMENTS(lost_classes)])});
    }
    if (error < 0)
        return error;
    row_set_replace(&sheet->rendered[LEDGER_FAMILY_STAGES], take_ptr(rows));
    sheet->ways_moved = false;
    return 0;
}

static int render(struct ledger_sheet *sheet)
{
    int error = sheet->ways_moved ? render_stages(sheet) : 0;

    if (error == 0 && (!sheet->rendered[LEDGER_FAMILY_LOST] || sheet->rendered_count[0] != sheet->lost.count))
        error = render_rows(&sheet->lost, LABELS_LOST, &sheet->rendered[LEDGER_FAMILY_LOST]);
    if (error == 0 &&
        (!sheet->rendered[LEDGER_FAMILY_REFUSED] || sheet->rendered_count[1] != sheet->refused.count))
        error = render_rows(&sheet->refused, LABELS_REFUSED, &sheet->rendered[LEDGER_FAMILY_REFUSED]);
    if (error < 0)
        return error;
    sheet->rendered_count[0] = sheet->lost.count;
    sheet->rendered_count[1] = sheet->refused.count;
    return 0;
}

static void fill_rows(struct table *table, const struct ledger_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        table_set(table, i, 0, rows->items[i].count);
}

static void fill_stages(struct table *table, const struct ledger_sheet *sheet)
{
    size_t row = 0;

    for (unsigned way = 0; way < LEDGER_WAYS; way++)
        for (size_t i = 0; i < ELEMENTS(lost_classes) && sheet->shown[way]; i++)
            table_set(table, row++, 0, sheet->ways[way][lost_classes[i]]);
}

static void read_rows(const struct ledger_rows *rows, struct ledger_entry *entries)
{
    for (size_t i = 0; i < rows->count; i++)
        entries[i] = (struct ledger_entry){.key = rows->items[i].key, .count = rows->items[i].count};
}

int ledger_sheet_read(const struct ledger_sheet *sheet, struct ledger_reading *reading)
{
    size_t count = sheet->lost.count + sheet->refused.count;

    if (count > reading->capacity && array_resize(reading->items, reading->capacity, count) < 0)
        return -ENOMEM;
    reading->count = count;
    reading->lost = sheet->lost.count;
    if (count) {
        read_rows(&sheet->lost, reading->items);
        read_rows(&sheet->refused, reading->items + reading->lost);
    }
    return 0;
}

int ledger_sheet_fill(struct ledger_sheet *sheet, struct snapshot *draft)
{
    struct table *tables[LEDGER_FAMILY_COUNT];
    int error = render(sheet);

    if (error < 0)
        return error;
    for (size_t i = 0; i < LEDGER_FAMILY_COUNT; i++) {
        tables[i] = snapshot_add_table(draft, sheet->columns[i], sheet->rendered[i]);
        if (!tables[i])
            return -ENOMEM;
    }
    fill_rows(tables[LEDGER_FAMILY_LOST], &sheet->lost);
    fill_rows(tables[LEDGER_FAMILY_REFUSED], &sheet->refused);
    fill_stages(tables[LEDGER_FAMILY_STAGES], sheet);
    for (size_t i = 0; i < ELEMENTS(reasons); i++)
        table_set(tables[LEDGER_FAMILY_COMPLETE], i, 0, sheet->complete[i]);
    return 0;
}
