/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/page/page_view.h"

/* Writes all drop sites, those with the most drops first, each with its meaning. HTTP threads. */

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "daemon/page/page_html.h"

enum { SITES_SHOWN = 100 };

struct site_row {
    uint32_t row;
    uint64_t count;
};

static int compare_sites(const void *a, const void *b)
{
    const struct site_row *left = a, *right = b;

    if (left->count != right->count)
        return left->count > right->count ? -1 : 1;
    return (left->row > right->row) - (left->row < right->row);
}

static const char *const columns[] = {"Function",  "Reason",   "Class",    "Interface",
                                      "Namespace", "Protocol", "#Packets", "What it means"};

static void label_cell(const struct row_set *rows, size_t row, const char *title, const char *label,
                       struct buffer *out)
{
    char text[128] = "";

    (void)row_set_label(rows, row, label, text, sizeof(text));
    html_cell(out, title, "");
    html_text(out, text);
    buffer_text(out, "</td>");
}

/* Returns what happened there, or "" if it is not known. */
static const char *sentence(const struct meaning *meanings, const struct row_set *rows, size_t row)
{
    const struct meaning *meaning = meanings ? meaning_of_row(meanings, rows, row) : NULL;
    const char *text = meaning ? meaning_refined(meaning, rows, row).sentence : NULL;

    return text ? text : "";
}

static void site_row(const struct row_set *rows, const struct site_row *site, const struct meaning *meanings,
                     struct buffer *out)
{
    static const char *const labels[] = {"reason", "class", "device", "netns", "protocol"};
    char function[64] = "";

    (void)row_set_label(rows, site->row, "function", function, sizeof(function));
    buffer_text(out, "<tr><th scope=\"row\">");
    html_text(out, function);
    buffer_text(out, "</th>");
    for (size_t i = 0; i < ELEMENTS(labels); i++)
        label_cell(rows, site->row, columns[1 + i], labels[i], out);
    html_cell(out, "Packets", "number");
    html_count(out, site->count);
    buffer_printf(out, "</td><td class=\"quiet small\">%s</td></tr>\n", sentence(meanings, rows, site->row));
}

static void site_table(const struct table *table, size_t column, struct site_row *sites, size_t count,
                       struct buffer *out)
{
    qsort(sites, count, sizeof(*sites), compare_sites);
    html_table_begin(out, columns, ELEMENTS(columns));
    for (size_t i = 0; i < count && i < SITES_SHOWN; i++)
        site_row(table->rows, &sites[i], table->columns->columns[column].meaning, out);
    html_table_end(out);
    if (count > SITES_SHOWN)
        buffer_printf(out, "<p>%zu more are on the metrics page.</p>\n", count - SITES_SHOWN);
}

void page_sites(const struct page_view *view, struct buffer *out)
{
    size_t column = 0, count = 0;
    const struct table *table = snapshots_find_role(&view->snapshots, ROLE_DROP_SITES, &column);
    _cleanup_(freep) struct site_row *sites = NULL;

    if (!table) {
        buffer_text(out, "<p>The drop_monitor collector has no numbers now.</p>\n");
        return;
    }
    sites = calloc(table->rows->count + 1, sizeof(*sites));
    if (!sites) {
        out->error = -ENOMEM;
        return;
    }
    for (uint32_t row = 0; row < table->rows->count; row++) {
        sites[count].row = row;
        if (table_get(table, row, column, &sites[count].count) && sites[count].count)
            count++;
    }
    if (count)
        site_table(table, column, sites, count, out);
    else
        buffer_text(out, "<p>None.</p>\n");
}
