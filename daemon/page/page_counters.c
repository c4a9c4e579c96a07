/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/page/page_view.h"

/* Writes the counters of drops that moved in the last minutes, the worst first, under their own names: the
 * incidents are made from these. HTTP threads. */

#include <math.h>

#include "base/bounds.h"
#include "base/cleanup.h"
#include "daemon/page/page_html.h"

enum { POINTS_NOW = 3 }; /* a collector may be slower than the points */

double page_now(const struct trend_line *line)
{
    for (size_t i = 1; i <= POINTS_NOW; i++)
        if (!isnan(line->points[TREND_POINTS - i]))
            return line->points[TREND_POINTS - i];
    return 0;
}

static const char title_how[] = "How", title_now[] = "Now, /s", title_past[] = "5 minutes";

static void counter_row(const struct trend_line *line, struct buffer *out)
{
    bool bad = line->meaning->purpose == PURPOSE_LOSS && page_now(line) > 0;

    buffer_text(out, "<tr><th scope=\"row\">");
    html_text(out, line->subject);
    buffer_text(out, "</th>");
    html_cell(out, title_how, "");
    html_text(out, line->cause);
    buffer_text(out, "</td>");
    html_cell(out, title_now, bad ? "number bad" : "number");
    html_rate(out, page_now(line));
    buffer_text(out, "</td>");
    html_cell(out, title_past, "number");
    html_count(out, uint64_from_double(line->count));
    buffer_text(out, "</td>");
    html_cell(out, "", "");
    html_plot(out, line->points, TREND_POINTS);
    buffer_text(out, "</td></tr>\n");
}

static void counter_rows(const struct trend_line *lines, size_t count, struct buffer *out)
{
    for (size_t i = 0; i < count; i++)
        counter_row(&lines[i], out);
}

void page_counters(const struct page_view *view, struct buffer *out)
{
    static const char *const columns[] = {"Where", title_how, "#Now, /s", "#5 minutes", "Last 5 minutes"};

    if (!view->loss_count && !view->other_count) {
        buffer_text(out, "<p>None.</p>\n");
        return;
    }
    html_table_begin(out, columns, ELEMENTS(columns));
    counter_rows(view->losses, view->loss_count, out);
    counter_rows(view->others, view->other_count, out);
    html_table_end(out);
    if (view->loss_count == PAGE_LOSSES_MAX || view->other_count == PAGE_LOSSES_MAX)
        buffer_printf(out, "<p>Only the worst %d of each kind are shown.</p>\n", PAGE_LOSSES_MAX);
}
