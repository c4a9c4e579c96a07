#include "daemon/page_view.h"

/* The interfaces on the page, the worst first: what each loses and carries, and the limits beside it. On the
 * HTTP threads. */

#include <stdlib.h>
#include <string.h>

#include "daemon/cleanup.h"
#include "daemon/page_html.h"

enum { DEVICES_SHOWN = 50, NO_RANK = INT32_MAX };

/* Of a device's numbers since it came; absent ones are left empty. */
static const char *const totals[] = {
    "netdrop_link_receive_errors_total",   "netdrop_link_receive_dropped_total",
    "netdrop_link_receive_missed_total",   "netdrop_link_transmit_errors_total",
    "netdrop_link_transmit_dropped_total",
};

/* A row of the links, and what is known of it. */
struct device {
    uint32_t row;
    int rank; /* the place of its first line among the losses, then among the traffic */
    char name[64];
};

static const struct trend_line *line_of(const struct trend_line *lines, size_t count, const char *name,
                                        const char *metric)
{
    for (size_t i = 0; i < count; i++)
        if (lines[i].device && !strcmp(lines[i].subject, name) &&
            (!metric || !strcmp(lines[i].watch->metric, metric)))
            return &lines[i];
    return NULL;
}

/* What has a line, by name. */
struct ranks {
    size_t count;
    struct ranked {
        const char *name;
        int rank;
    } items[PAGE_LOSSES_MAX + TREND_LINES_MAX];
};

static int compare_ranked(const void *a, const void *b)
{
    const struct ranked *left = a, *right = b;
    int order = strcmp(left->name, right->name);

    return order ? order : left->rank - right->rank;
}

static void ranks_make(const struct page_view *view, struct ranks *ranks)
{
    ranks->count = 0;
    for (size_t i = 0; i < view->loss_count; i++)
        if (view->losses[i].device)
            ranks->items[ranks->count++] = (struct ranked){view->losses[i].subject, (int)i};
    for (size_t i = 0; i < view->traffic_count; i++)
        ranks->items[ranks->count++] = (struct ranked){view->traffic[i].subject, (int)(PAGE_LOSSES_MAX + i)};
    qsort(ranks->items, ranks->count, sizeof(ranks->items[0]), compare_ranked);
}

/* The first of its lines, which is its best. */
static int rank_of(const struct ranks *ranks, const char *name)
{
    size_t low = 0, high = ranks->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(ranks->items[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < ranks->count && !strcmp(ranks->items[low].name, name) ? ranks->items[low].rank : NO_RANK;
}

static int compare_devices(const void *a, const void *b)
{
    const struct device *left = a, *right = b;

    if (left->rank != right->rank)
        return left->rank < right->rank ? -1 : 1;
    return (left->row > right->row) - (left->row < right->row);
}

static void traffic_cell(const struct page_view *view, const char *name, const char *metric,
                         struct buffer *out)
{
    const struct trend_line *line = line_of(view->traffic, view->traffic_count, name, metric);

    buffer_text(out, "<td class=\"number\">");
    if (line)
        html_rate(out, line->rate);
    buffer_text(out, "</td>");
}

static void loss_cells(const struct page_view *view, const char *name, struct buffer *out)
{
    const struct trend_line *line = line_of(view->losses, view->loss_count, name, NULL);

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

static void state_cell(const struct table *table, const struct device *device, struct buffer *out)
{
    int admin_up = table_find_column(table, "netdrop_link_admin_up");
    int up = table_find_column(table, "netdrop_link_up");
    uint64_t value = 0;

    buffer_text(out, "<td>");
    if (up >= 0 && table_get(table, device->row, (size_t)up, &value) && value)
        buffer_text(out, "up");
    else if (admin_up >= 0 && table_get(table, device->row, (size_t)admin_up, &value))
        buffer_text(out,
                    value ? "<span class=\"bad\">no carrier</span>" : "<span class=\"quiet\">down</span>");
    buffer_text(out, "</td>");
}

static void ring_cell(const struct page_view *view, const char *name, struct buffer *out)
{
    const struct page_label labels[2] = {{"device", name}, {"direction", "receive"}};
    uint64_t now, most;

    buffer_text(out, "<td class=\"number\">");
    if (page_find_value(view, "netdrop_nic_ring_entries", labels, &now)) {
        html_count(out, now);
        if (page_find_value(view, "netdrop_nic_ring_entries_limit", labels, &most)) {
            buffer_text(out, " of ");
            html_count(out, most);
        }
    }
    buffer_text(out, "</td>");
}

static void device_row(const struct page_view *view, const struct table *table, const struct device *device,
                       struct buffer *out)
{
    char kind[32] = "";

    (void)row_set_label(table->rows, device->row, "kind", kind, sizeof(kind));
    buffer_text(out, "<tr><th scope=\"row\">");
    html_text(out, device->name);
    buffer_text(out, " <span class=\"quiet small\">");
    html_text(out, kind);
    buffer_text(out, "</span></th>");
    state_cell(table, device, out);
    traffic_cell(view, device->name, "netdrop_link_receive_packets_total", out);
    traffic_cell(view, device->name, "netdrop_link_transmit_packets_total", out);
    loss_cells(view, device->name, out);
    for (size_t i = 0; i < ELEMENTS(totals); i++) {
        int column = table_find_column(table, totals[i]);
        uint64_t value;

        buffer_text(out, "<td class=\"number\">");
        if (column >= 0 && table_get(table, device->row, (size_t)column, &value))
            html_count(out, value);
        buffer_text(out, "</td>");
    }
    ring_cell(view, device->name, out);
    buffer_text(out, "</tr>\n");
}

static void device_table(const struct page_view *view, const struct table *table,
                         const struct device *devices, size_t count, struct buffer *out)
{
    static const char *const columns[] = {
        "Interface", "State",   "#In, /s",          "#Out, /s", "Loses now, /s", "#Receive errors",
        "#dropped",  "#missed", "#Transmit errors", "#dropped", "#Receive ring",
    };

    html_table_begin(out, columns, ELEMENTS(columns));
    for (size_t i = 0; i < count; i++)
        device_row(view, table, &devices[i], out);
    html_table_end(out);
}

/* All devices, the worst first; NULL: out of memory. */
static struct device *devices_sorted(const struct page_view *view, const struct table *table)
{
    struct device *devices = calloc(table->rows->count + 1, sizeof(*devices));
    struct ranks ranks;

    if (!devices)
        return NULL;
    ranks_make(view, &ranks);
    for (uint32_t row = 0; row < table->rows->count; row++) {
        struct device *device = &devices[row];

        device->row = row;
        (void)row_set_label(table->rows, row, "device", device->name, sizeof(device->name));
        device->rank = rank_of(&ranks, device->name);
    }
    qsort(devices, table->rows->count, sizeof(*devices), compare_devices);
    return devices;
}

void page_devices(const struct page_view *view, bool all, struct buffer *out)
{
    size_t column, count, shown;
    const struct table *table = page_find_column(view, "netdrop_link_up", &column);
    _cleanup_(freep) struct device *devices = table ? devices_sorted(view, table) : NULL;

    if (!devices) {
        buffer_text(out, "<p>The link collector has no numbers now.</p>\n");
        return;
    }
    count = table->rows->count;
    shown = all || count < DEVICES_SHOWN ? count : DEVICES_SHOWN;
    device_table(view, table, devices, shown, out);
    if (shown == count)
        return;
    buffer_text(out, "<p>");
    html_count(out, count - shown);
    buffer_text(out,
                " more, which lose less or nothing: <a href=\"?interfaces=all\">all interfaces</a>.</p>\n");
}
