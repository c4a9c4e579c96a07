/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/page/page_view.h"

/* Writes the interfaces, the worst first: what each loses and carries. Those that lose nothing are in a table
 * of their own, which is folded. HTTP threads. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "daemon/page/page_html.h"

enum { DEVICES_SHOWN = 50, TOTALS_MAX = 8, TITLE_MAX = 48 };

static const char title_state[] = "State", title_loses[] = "Loses now, /s", title_in[] = "In, /s",
                  title_out[] = "Out, /s";

/* The columns of the table of interfaces; -1: missing. */
struct device_columns {
    const struct table *table;
    const struct row_set *info; /* rows with the aliases, in the same order; NULL: not collected */
    int admin_up, up;
    size_t total_count;
    size_t totals[TOTALS_MAX]; /* columns with a title: counts since the device came */
};

/* The moving counters of a device; NULL: none known. */
struct device {
    const struct trend_line *loss, *in, *out; /* of the losses, the worst */
    bool placed;
};

/* All devices: in the order of the table, and in that of the page, the worst first. */
struct devices {
    const struct page_index *index;
    size_t count, placed;
    size_t losing; /* the first so many of those placed */
    struct device *items;
    uint32_t *order; /* rows; the first `placed` are set */
};

void page_devices_free(struct devices *devices)
{
    if (!devices)
        return;
    free(devices->items);
    free(devices->order);
    free(devices);
}

static void device_place(struct devices *devices, size_t row)
{
    if (devices->items[row].placed)
        return;
    devices->items[row].placed = true;
    devices->order[devices->placed++] = (uint32_t)row;
}

/* Places devices with losses first, then those with traffic, both sorted as the lines are, then the
 * others. */
static void devices_place(const struct page_view *view, struct devices *devices)
{
    size_t row;

    for (size_t i = 0; i < view->loss_count; i++) {
        const struct trend_line *line = &view->losses[i];

        if (!line->device || !page_find_device(devices->index, line->subject, &row))
            continue;
        if (!devices->items[row].loss)
            devices->items[row].loss = line;
        device_place(devices, row);
    }
    devices->losing = devices->placed;
    for (size_t i = 0; i < view->traffic_count; i++) {
        const struct trend_line *line = &view->traffic[i];

        if (!line->device || !page_find_device(devices->index, line->subject, &row))
            continue;
        if (line->meaning->direction == DIRECTION_RECEIVE)
            devices->items[row].in = line;
        else
            devices->items[row].out = line;
        device_place(devices, row);
    }
    for (row = 0; row < devices->count; row++)
        device_place(devices, row);
}

/* Made for the first part that needs it. Returns NULL if memory runs out. */
static const struct devices *find_devices(struct page_view *view)
{
    struct devices *devices = view->devices;

    if (devices)
        return devices;
    devices = calloc(1, sizeof(*devices));
    if (!devices)
        return NULL;
    devices->index = &view->links;
    devices->count = view->links.table->rows->count;
    devices->items = calloc(devices->count + 1, sizeof(*devices->items));
    devices->order = calloc(devices->count + 1, sizeof(*devices->order));
    if (!devices->items || !devices->order) {
        page_devices_free(devices);
        return NULL;
    }
    devices_place(view, devices);
    view->devices = devices;
    return devices;
}

static void number_cell(const struct table *table, size_t row, size_t column, struct buffer *out)
{
    uint64_t value;

    html_cell(out, table->columns->columns[column].title, "number");
    if (table_get(table, row, column, &value))
        html_count(out, value);
    buffer_text(out, "</td>");
}

static void traffic_cell(const char *title, const struct trend_line *line, struct buffer *out)
{
    html_cell(out, title, "number");
    if (line)
        html_rate(out, line->rate);
    buffer_text(out, "</td>");
}

static void loss_cell(const struct trend_line *line, struct buffer *out)
{
    html_cell(out, title_loses, "");
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

    html_cell(out, title_state, "");
    if (columns->up >= 0 && table_get(columns->table, row, (size_t)columns->up, &value) && value)
        buffer_text(out, "up");
    else if (columns->admin_up >= 0 && table_get(columns->table, row, (size_t)columns->admin_up, &value))
        buffer_text(out,
                    value ? "<span class=\"bad\">no carrier</span>" : "<span class=\"quiet\">down</span>");
    buffer_text(out, "</td>");
}

/* Writes the alias that an administrator gave the device. */
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
    traffic_cell(title_in, device->in, out);
    traffic_cell(title_out, device->out, out);
    for (size_t i = 0; i < columns->total_count; i++)
        number_cell(columns->table, row, columns->totals[i], out);
    buffer_text(out, "</tr>\n");
}

/* A part of the order, which makes one table. */
struct stretch {
    const uint32_t *rows;
    size_t count;
};

/* Returns true if the column has a number other than 0 in one of the rows. */
static bool tells_anything(const struct table *table, size_t column, const struct stretch *stretch)
{
    uint64_t value;

    for (size_t i = 0; i < stretch->count; i++)
        if (table_get(table, stretch->rows[i], column, &value) && value)
            return true;
    return false;
}

/* Finds the columns with a title that have something to show: received before transmitted. */
static void find_totals(struct device_columns *columns, const struct stretch *stretch)
{
    static const enum direction order[] = {DIRECTION_RECEIVE, DIRECTION_TRANSMIT, DIRECTION_NONE};
    const struct column_set *set = columns->table->columns;

    for (size_t i = 0; i < ELEMENTS(order); i++)
        for (size_t at = 0; at < set->count && columns->total_count < TOTALS_MAX; at++) {
            const struct meaning *meaning = set->columns[at].meaning;

            if (set->columns[at].title && (meaning ? meaning->direction : DIRECTION_NONE) == order[i] &&
                tells_anything(columns->table, at, stretch))
                columns->totals[columns->total_count++] = at;
        }
}

static struct device_columns find_columns(const struct page_view *view, const struct stretch *stretch)
{
    size_t column;
    const struct table *table = view->links.table;
    const struct table *info = snapshots_find_role(&view->snapshots, ROLE_DEVICE_ALIAS, &column);
    struct device_columns columns = {
        .table = table,
        .info = info ? info->rows : NULL,
        .admin_up = table_find_role(table, ROLE_DEVICE_ADMIN_UP),
        .up = table_find_role(table, ROLE_DEVICE_UP),
    };

    find_totals(&columns, stretch);
    return columns;
}

static void device_table(const struct page_view *view, const struct devices *devices,
                         const struct stretch *stretch, struct buffer *out)
{
    enum { FIXED = 5 };
    const char *titles[FIXED + TOTALS_MAX] = {"Interface", title_state, title_loses, "#In, /s", "#Out, /s"};
    const struct device_columns columns = find_columns(view, stretch);
    char texts[TOTALS_MAX][TITLE_MAX];

    for (size_t i = 0; i < columns.total_count; i++) {
        (void)snprintf(texts[i], TITLE_MAX, "#%s", columns.table->columns->columns[columns.totals[i]].title);
        titles[FIXED + i] = texts[i];
    }
    html_table_begin(out, titles, FIXED + columns.total_count);
    for (size_t i = 0; i < stretch->count; i++)
        device_row(&columns, &devices->items[stretch->rows[i]], stretch->rows[i], out);
    html_table_end(out);
}

/* Writes the devices that lose, or the others, as many as are shown. Returns true if some are left out. */
static bool device_part(const struct page_view *view, const struct devices *devices, bool losing, bool all,
                        struct buffer *out)
{
    size_t count = losing ? devices->losing : devices->count - devices->losing;
    const struct stretch stretch = {
        .rows = devices->order + (losing ? 0 : devices->losing),
        .count = all || count < DEVICES_SHOWN ? count : DEVICES_SHOWN,
    };

    if (stretch.count)
        device_table(view, devices, &stretch, out);
    else
        buffer_text(out, "<p>None.</p>\n");
    if (stretch.count == count)
        return false;
    buffer_text(out, "<p>");
    html_count(out, count - stretch.count);
    buffer_text(out, " more lose less or nothing.</p>\n");
    return true;
}

bool page_devices(struct page_view *view, bool losing, bool all, struct buffer *out)
{
    const struct devices *devices;

    if (!view->links.table) {
        buffer_text(out, "<p>The link collector has no numbers now.</p>\n");
        return false;
    }
    devices = find_devices(view);
    if (devices)
        return device_part(view, devices, losing, all, out);
    out->error = -ENOMEM;
    return false;
}
