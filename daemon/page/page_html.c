/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/page/page_html.h"

/* Writes the HTML elements that the page is made of. HTTP threads. */

#include <math.h>

#include "base/bounds.h"
#include "base/clock.h"
#include "base/escape.h"

enum {
    PLOT_HEIGHT = 200, /* units of the viewBox: numbers without fractions are half as long */
    PLOT_MARGIN = 10,
    PLOT_GAP = 2, /* so many unknown points are not a gap yet */
};

void html_text(struct buffer *out, const char *text)
{
    escape_text(out, ESCAPE_HTML, text);
}

void html_count(struct buffer *out, uint64_t count)
{
    char digits[UINT64_TEXT_MAX], text[2 * UINT64_TEXT_MAX];
    size_t size = (size_t)(format_uint64(digits, count) - digits), used = 0;

    for (size_t i = 0; i < size; i++) {
        if (i && (size - i) % 3 == 0)
            text[used++] = ',';
        text[used++] = digits[i];
    }
    buffer_append(out, text, used);
}

void html_short_count(struct buffer *out, uint64_t count)
{
    if (count < 10000)
        html_count(out, count);
    else if (count < 1000000)
        buffer_printf(out, "%uk", (unsigned)(count / 1000));
    else
        buffer_printf(out, "%.1fM", (double)count / 1e6);
}

void html_rate(struct buffer *out, double rate)
{
    if (rate >= 9.95)
        html_count(out, uint64_from_double(rate));
    else if (rate >= 0.095)
        buffer_printf(out, "%.1f", rate);
    else if (rate > 0)
        buffer_printf(out, "%.2g", rate);
    else
        buffer_text(out, "0");
}

void html_duration(struct buffer *out, uint64_t ns)
{
    if (ns < NS_PER_SECOND / 1000)
        buffer_printf(out, "%u µs", (unsigned)(ns / 1000));
    else if (ns < NS_PER_SECOND)
        buffer_printf(out, "%.1f ms", (double)ns / 1e6);
    else
        buffer_printf(out, "%.1f s", (double)ns / 1e9);
}

/* Returns the distance from the top of the plot, or NAN if it is not known. A collector that is slower than
 * the points reports for the whole time since its last report. */
static float plot_height(const float *points, size_t count, size_t i, float greatest)
{
    size_t end = i + 1 + PLOT_GAP < count ? i + 1 + PLOT_GAP : count;

    while (i < end && isnan(points[i]))
        i++;
    if (i >= end)
        return (float)NAN;
    return greatest > 0 ? rintf(PLOT_HEIGHT * (1 - points[i] / greatest)) : PLOT_HEIGHT;
}

/* Writes the points of the line. Of a level stretch only the ends are written. */
static void plot_lines(struct buffer *out, const float *points, size_t count, float greatest)
{
    float before = (float)NAN, at = plot_height(points, count, 0, greatest);

    for (size_t i = 0; i < count; i++) {
        float next = plot_height(points, count, i + 1, greatest);

        if (!isnan(at) && isnan(before))
            buffer_text(out, "<polyline points=\"");
        if (!isnan(at) && (at != before || at != next)) {
            buffer_uint64(out, i);
            buffer_text(out, ",");
            buffer_uint64(out, uint64_from_double(at));
            buffer_text(out, " ");
        }
        if (!isnan(at) && isnan(next))
            buffer_text(out, "\"/>");
        before = at;
        at = next;
    }
}

void html_plot(struct buffer *out, const float *points, size_t count)
{
    float greatest = 0;

    for (size_t i = 0; i < count; i++)
        if (points[i] > greatest)
            greatest = points[i];
    buffer_text(out, "<svg role=\"img\" preserveAspectRatio=\"none\" aria-label=\"last minutes: at most ");
    html_rate(out, greatest);
    buffer_printf(out, " a second\" viewBox=\"0 %d %zu %d\"><path d=\"M0 %dh%zu\"/>", -PLOT_MARGIN, count - 1,
                  PLOT_HEIGHT + 2 * PLOT_MARGIN, PLOT_HEIGHT, count - 1);
    plot_lines(out, points, count, greatest);
    buffer_text(out, "</svg>");
}

void html_table_begin(struct buffer *out, const char *const *columns, size_t count)
{
    buffer_text(out, "<table>\n<thead><tr>");
    for (size_t i = 0; i < count; i++) {
        int number = columns[i][0] == '#';

        buffer_printf(out, "<th scope=\"col\"%s>%s</th>", number ? " class=\"number\"" : "",
                      columns[i] + number);
    }
    buffer_text(out, "</tr></thead>\n<tbody>\n");
}

void html_table_end(struct buffer *out)
{
    buffer_text(out, "</tbody>\n</table>\n");
}

void html_cell(struct buffer *out, const char *column, const char *style)
{
    buffer_text(out, "<td");
    if (style[0])
        buffer_printf(out, " class=\"%s\"", style);
    if (column[0])
        buffer_printf(out, " data-label=\"%s\"", column);
    buffer_text(out, ">");
}
