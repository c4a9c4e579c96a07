/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/page/page_view.h"

/* The interfaces on the page, the worst first: what each loses and carries, and the limits beside it. On the
 * HTTP threads. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "daemon/page/page_html.h"

enum { DEVICES_SHOWN = 50, TOTALS_MAX = 8, TITLE_MAX = 48 };

/* Where in the table of interfaces is what; -1: it is not. */
struct device_columns {
    const struct table *table;
    const struct row_set *info; /* has the aliases, row by row; NULL: not collected */
    int admin_up, up;
    size_t total_count;
    size_t totals[TOTALS_MAX]; /* numbers since the device came: columns with a title */
};

/* What moves of a device; NULL: it is not known to. */
struct device {
    const struct trend_line *loss, *in, *out; /* of its losses the worst */
    bool placed;
};

/* All devices: by the row of the table, and as the page shows them, the worst first. */
struct devices {
    const struct page_index *index;
    size_t count, placed;
    struct device *items;
    uint32_t *order; /* rows; `placed` of them */
};

static void devices_done(struct devices *devices)
{
    free(devices->items);
    free(devices->order);
}

static void device_place(struct devices *devices, size_t row)
{
    if (devices->items[row].placed)
        return;
    devices->items[row].placed = true;
    devices->order[devices->placed++] = (uint32_t)row;
}

/* Those with losses, then those with traffic, both as the lines are sorted, then the others. */
static int devices_init(const struct page_view *view, struct devices *devices)
{
    size_t row, count = view->links.table->rows->count;

    *devices = (struct devices){
        .index = &view->links,
        .count = count,
        .items = calloc(count + 1, sizeof(*devices->items)),
        .order = calloc(count + 1, sizeof(*devices->order)),
    };
    if (!devices->items || !devices->order)
        return -ENOMEM;
    for (size_t i = 0; i < view->loss_count; i++) {
        const struct trend_line *line = &view->losses[i];

        if (!line->device || !page_find_device(devices->index, line->subject, &row))
            continue;
        if (!devices->items[row].loss)
            devices->items[row].loss = line;
        device_place(devices, row);
    }
    for (size_t i = 0; i < view->traffic_count; i++) {
        const struct trend_line *line = &view->traffic[i];

        if (!page_find_device(devices->index, line->subject, &row))
            continue;
        if (line->meaning->direction == DIRECTION_RECEIVE)
            devices->items[row].in = line;
        else
            devices->items[row].out = line;
        device_place(devices, row);
    }
    for (row = 0; row < count; row++)
        device_place(devices, row);
    return 0;
}

static void number_cell(const struct table *table, size_t row, size_t column, struct buffer *out)
{
    uint64_t value;

    buffer_text(out, "<td class=\"number\">");
    if (table_get(table, row, column, &value))
        html_count(out, value);
    buffer_text(out, "</td>");
}

static void traffic_cell(const struct trend_line *line, struct buffer *out)
{
    buffer_text(out, "<td class=\"number\">");
    if (line)
        html_rate(out, line->rate);
    buffer_text(out, "</td>");
}

static void loss_cell(const struct trend_line *line, struct buffer *out)
{
    buffer_text(out, "<td>");
    if (line) {
        buffer_printf(out, "<span%s>", page_now(line) > 0 ? " class=\"bad\"" : "");
        html_rate(out, page_now(line));
        buffer_text(out, "</span> <span class=\"small\">");
        html_text(out, line->cause);
        buffer_text(out, "</span>");
    }
    buffer_text(out, "</td>");
}

static void state_cell(const struct device_columns *columns, size_t row, struct buffer *out)
{
    uint64_t value = 0;

    buffer_text(out, "<td>");
    if (columns->up >= 0 && table_get(columns->table, row, (size_t)columns->up, &value) && value)
        buffer_text(out, "up");
    else if (columns->admin_up >= 0 && table_get(columns->table, row, (size_t)columns->admin_up, &value))
        buffer_text(out,
                    value ? "<span class=\"bad\">no carrier</span>" : "<span class=\"quiet\">down</span>");
    buffer_text(out, "</td>");
}

/* What its owner calls the device. */
static void alias_text(const struct device_columns *columns, const char *name, size_t row, struct buffer *out)
{
    char device[64], alias[512];

    if (!columns->info || row >= columns->info->count ||
        row_set_label(columns->info, row, "device", device, sizeof(device)) < 0 ||
        strcmp(device, name) != 0 || row_set_label(columns->info, row, "alias", alias, sizeof(alias)) <= 0)
        return;
    buffer_text(out, " <span class=\"alias quiet small\">");
    html_text(out, alias);
    buffer_text(out, "</span>");
}

static void device_row(const struct device_columns *columns, const struct device *device, size_t row,
                       struct buffer *out)
{
    char name[64] = "", kind[32] = "";

    (void)row_set_label(columns->table->rows, row, "device", name, sizeof(name));
    (void)row_set_label(columns->table->rows, row, "kind", kind, sizeof(kind));
    buffer_text(out, "<tr><th scope=\"row\">");
    html_text(out, name);
    buffer_text(out, " <span class=\"quiet small\">");
    html_text(out, kind);
    buffer_text(out, "</span>");
    alias_text(columns, name, row, out);
    buffer_text(out, "</th>");
    state_cell(columns, row, out);
    loss_cell(device->loss, out);
    traffic_cell(device->in, out);
    traffic_cell(device->out, out);
    for (size_t i = 0; i < columns->total_count; i++)
        number_cell(columns->table, row, columns->totals[i], out);
    buffer_text(out, "</tr>\n");
}

/* Those with a title, of what comes in before what goes out. */
static void find_totals(struct device_columns *columns)
{
    static const enum direction order[] = {DIRECTION_RECEIVE, DIRECTION_TRANSMIT, DIRECTION_NONE};
    const struct column_set *set = columns->table->columns;

    for (size_t i = 0; i < ELEMENTS(order); i++)
        for (size_t at = 0; at < set->count && columns->total_count < TOTALS_MAX; at++) {
            const struct meaning *meaning = set->columns[at].meaning;

            if (set->columns[at].title && (meaning ? meaning->direction : DIRECTION_NONE) == order[i])
                columns->totals[columns->total_count++] = at;
        }
}

static struct device_columns find_columns(const struct page_view *view)
{
    size_t column;
    const struct table *table = view->links.table;
    const struct table *info = page_find_role(view, ROLE_DEVICE_ALIAS, &column);
    struct device_columns columns = {
        .table = table,
        .info = info ? info->rows : NULL,
        .admin_up = table_find_role(table, ROLE_DEVICE_ADMIN_UP),
        .up = table_find_role(table, ROLE_DEVICE_UP),
    };

    find_totals(&columns);
    return columns;
}

static void device_table(const struct page_view *view, const struct devices *devices, size_t shown,
                         struct buffer *out)
{
    enum { FIXED = 5 };
    const char *titles[FIXED + TOTALS_MAX] = {"Interface", "State", "Loses now, /s", "#In, /s", "#Out, /s"};
    const struct device_columns columns = find_columns(view);
    char texts[TOTALS_MAX][TITLE_MAX];

    for (size_t i = 0; i < columns.total_count; i++) {
        (void)snprintf(texts[i], TITLE_MAX, "#%s", columns.table->columns->columns[columns.totals[i]].title);
        titles[FIXED + i] = texts[i];
    }
    html_table_begin(out, titles, FIXED + columns.total_count);
    for (size_t i = 0; i < shown; i++)
        device_row(&columns, &devices->items[devices->order[i]], devices->order[i], out);
    html_table_end(out);
}

bool page_devices(const struct page_view *view, bool all, struct buffer *out)
{
    _cleanup_(devices_done) struct devices devices = {};
    size_t shown;

    if (!view->links.table) {
        buffer_text(out, "<p>The link collector has no numbers now.</p>\n");
        return false;
    }
    if (devices_init(view, &devices) < 0) {
        out->error = -ENOMEM;
        return false;
    }
    shown = all || devices.count < DEVICES_SHOWN ? devices.count : DEVICES_SHOWN;
    device_table(view, &devices, shown, out);
    if (shown < devices.count) {
        buffer_text(out, "<p>");
        html_count(out, devices.count - shown);
        buffer_text(out, " more lose less or nothing.</p>\n");
    }
    return shown < devices.count;
}
