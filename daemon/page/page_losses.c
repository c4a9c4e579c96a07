/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/page/page_view.h"

/*
 * The page's answer to "what is lost now, where, why, and what can be done": the counters that moved within
 * the last minutes, the worst first, each with what it means and the limit that it ran into. On the HTTP
 * threads.
 */

#include <errno.h>
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

static bool limit_value(struct page_view *view, const struct trend_line *line, const char *metric,
                        struct buffer *out, uint64_t *ret_value)
{
    int error = page_find_limit(view, line->meaning->limit, metric, line->subject, ret_value);

    if (error == -ENOMEM)
        out->error = error;
    return error == 0;
}

/* The limit that a loss ran into, where it can be read: "256 of 4,096 ring entries", "1,000 packets ...". */
static void loss_limit(struct page_view *view, const struct trend_line *line, struct buffer *out)
{
    const struct meaning_limit *limit = line->meaning->limit;
    uint64_t now, most;

    if (!limit || !limit_value(view, line, limit->now, out, &now))
        return;
    buffer_text(out, "<br><span class=\"quiet small\">Limit: ");
    html_count(out, now);
    if (limit->most && limit_value(view, line, limit->most, out, &most) && most) {
        buffer_text(out, " of ");
        html_count(out, most);
    }
    buffer_printf(out, " %s</span>", limit->unit);
}

/* What it means and what to do, where they are known. */
static void loss_advice(const struct trend_line *line, struct buffer *out)
{
    if (!line->sentence && !line->remedy)
        return;
    buffer_text(out, "<br><span class=\"quiet small\">");
    if (line->sentence)
        buffer_printf(out, "%s. ", line->sentence);
    if (line->remedy)
        buffer_printf(out, "%s. Runbook: %s.", line->remedy->advice, line->remedy->page);
    buffer_text(out, "</span>");
}

static void loss_row(struct page_view *view, const struct trend_line *line, struct buffer *out)
{
    bool bad = line->meaning->purpose == PURPOSE_LOSS && page_now(line) > 0;

    buffer_text(out, "<tr><th scope=\"row\">");
    html_text(out, line->subject);
    buffer_text(out, "</th><td class=\"wide\">");
    html_text(out, line->cause);
    loss_advice(line, out);
    loss_limit(view, line, out);
    buffer_printf(out, "</td><td class=\"number%s\">", bad ? " bad" : "");
    html_rate(out, page_now(line));
    buffer_text(out, "</td><td class=\"number\">");
    html_count(out, uint64_from_double(line->count));
    buffer_text(out, "</td><td>");
    html_plot(out, line->points, TREND_POINTS);
    buffer_text(out, "</td></tr>\n");
}

static void loss_table(struct page_view *view, const struct trend_line *lines, size_t count,
                       struct buffer *out)
{
    static const char *const columns[] = {"Where", "How, and what to do", "#Now, /s", "#5 minutes",
                                          "Last 5 minutes"};

    html_table_begin(out, columns, ELEMENTS(columns));
    for (size_t i = 0; i < count; i++)
        loss_row(view, &lines[i], out);
    html_table_end(out);
    if (count == PAGE_LOSSES_MAX)
        buffer_printf(out, "<p>The worst %d are shown.</p>\n", PAGE_LOSSES_MAX);
}

/* The worst that moves now; NULL: none does. */
static const struct trend_line *worst_now(const struct page_view *view)
{
    const struct trend_line *worst = NULL;
    double most = 0;

    for (size_t i = 0; i < view->loss_count; i++) {
        double now = page_now(&view->losses[i]);

        if (now > most ||
            (worst && now == most && meaning_tells_more(view->losses[i].meaning, worst->meaning))) {
            worst = &view->losses[i];
            most = now;
        }
    }
    return worst;
}

void page_verdict(const struct page_view *view, struct buffer *out)
{
    const struct trend_line *worst = worst_now(view);

    if (worst) {
        html_text(out, worst->subject);
        buffer_text(out, " loses <strong class=\"bad\">");
        html_rate(out, page_now(worst));
        buffer_text(out, " packets a second</strong>: ");
        html_text(out, worst->cause);
        buffer_text(out, ".");
    } else if (view->loss_count) {
        buffer_text(out, "Nothing is lost now; there was loss within the last five minutes.");
    } else if (view->extent.sources && view->extent.points) {
        buffer_text(out, "<span class=\"ok\">Nothing was lost</span> within the last five minutes");
        if (view->extent.points < TREND_POINTS)
            buffer_printf(out, ", of which %u s were seen",
                          (unsigned)(view->extent.points * (TREND_STEP_NS / NS_PER_SECOND)));
        buffer_text(out, ".");
    } else {
        buffer_text(out, "Nothing is known yet.");
    }
}

void page_losses(struct page_view *view, struct buffer *out)
{
    if (view->loss_count)
        loss_table(view, view->losses, view->loss_count, out);
    else
        buffer_text(out, "<p>None.</p>\n");
}

void page_others(struct page_view *view, struct buffer *out)
{
    if (view->other_count)
        loss_table(view, view->others, view->other_count, out);
    else
        buffer_text(out, "<p>None.</p>\n");
}
