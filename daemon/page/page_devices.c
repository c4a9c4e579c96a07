/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/page/page_view.h"

/* The interfaces on the page, the worst first: what each loses and carries, and the limits beside it. On the
 * HTTP threads. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "daemon/page/page_html.h"

enum { DEVICES_SHOWN = 50, TOTALS = 5 };

/* Of a device's numbers since it came; absent ones are left empty. */
static const char *const totals[TOTALS] = {
    "netdrop_link_receive_errors_total",   "netdrop_link_receive_dropped_total",
    "netdrop_link_receive_missed_total",   "netdrop_link_transmit_errors_total",
    "netdrop_link_transmit_dropped_total",
};

/* The table of the links, and where in it what is; -1: it is not. */
struct link_table {
    const struct table *table;
    const struct row_set *info; /* has the aliases, row by row; NULL: not collected */
    int admin_up, up, totals[TOTALS];
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
        if (!strcmp(line->watch->metric, "netdrop_link_receive_packets_total"))
            devices->items[row].in = line;
        else
            devices->items[row].out = line;
        device_place(devices, row);
    }
    for (row = 0; row < count; row++)
        device_place(devices, row);
    return 0;
}

static void number_cell(const struct table *table, size_t row, int column, struct buffer *out)
{
    uint64_t value;

    buffer_text(out, "<td class=\"number\">");
    if (column >= 0 && table_get(table, row, (size_t)column, &value))
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

static void state_cell(const struct link_table *links, size_t row, struct buffer *out)
{
    uint64_t value = 0;

    buffer_text(out, "<td>");
    if (links->up >= 0 && table_get(links->table, row, (size_t)links->up, &value) && value)
        buffer_text(out, "up");
    else if (links->admin_up >= 0 && table_get(links->table, row, (size_t)links->admin_up, &value))
        buffer_text(out,
                    value ? "<span class=\"bad\">no carrier</span>" : "<span class=\"quiet\">down</span>");
    buffer_text(out, "</td>");
}

/* What its owner calls the device. */
static void alias_text(const struct link_table *links, const char *name, size_t row, struct buffer *out)
{
    char device[64], alias[512];

    if (!links->info || row >= links->info->count ||
        row_set_label(links->info, row, "device", device, sizeof(device)) < 0 || strcmp(device, name) != 0 ||
        row_set_label(links->info, row, "alias", alias, sizeof(alias)) <= 0)
        return;
    buffer_text(out, " <span class=\"alias quiet small\">");
    html_text(out, alias);
    buffer_text(out, "</span>");
}

static void device_row(const struct link_table *links, const struct device *device, size_t row,
                       struct buffer *out)
{
    char name[64] = "", kind[32] = "";

    (void)row_set_label(links->table->rows, row, "device", name, sizeof(name));
    (void)row_set_label(links->table->rows, row, "kind", kind, sizeof(kind));
    buffer_text(out, "<tr><th scope=\"row\">");
    html_text(out, name);
    buffer_text(out, " <span class=\"quiet small\">");
    html_text(out, kind);
    buffer_text(out, "</span>");
    alias_text(links, name, row, out);
    buffer_text(out, "</th>");
    state_cell(links, row, out);
    loss_cell(device->loss, out);
    traffic_cell(device->in, out);
    traffic_cell(device->out, out);
    for (size_t i = 0; i < TOTALS; i++)
        number_cell(links->table, row, links->totals[i], out);
    buffer_text(out, "</tr>\n");
}

static void device_table(const struct page_view *view, const struct devices *devices, size_t shown,
                         struct buffer *out)
{
    static const char *const columns[] = {
        "Interface",         "State",           "Loses now, /s",
        "#In, /s",           "#Out, /s",        "#Receive errors",
        "#Receive dropped",  "#Receive missed", "#Transmit errors",
        "#Transmit dropped",
    };
    size_t column;
    const struct table *table = view->links.table;
    const struct table *info = page_find_column(view, "netdrop_link_info", &column);
    struct link_table links = {.table = table,
                               .info = info ? info->rows : NULL,
                               .admin_up = table_find_column(table, "netdrop_link_admin_up"),
                               .up = table_find_column(table, "netdrop_link_up")};

    for (size_t i = 0; i < TOTALS; i++)
        links.totals[i] = table_find_column(table, totals[i]);
    html_table_begin(out, columns, ELEMENTS(columns));
    for (size_t i = 0; i < shown; i++)
        device_row(&links, &devices->items[devices->order[i]], devices->order[i], out);
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
