#include "daemon/page_html.h"

/* See page_html.h. On the HTTP threads. */

#include <math.h>
#include <stdbool.h>

#include "daemon/clock.h"
#include "daemon/escape.h"

enum { PLOT_HEIGHT = 20 };

void html_text(struct buffer *out, const char *text)
{
    escape_text(out, ESCAPE_HTML, text);
}

void html_count(struct buffer *out, uint64_t count)
{
    char digits[UINT64_TEXT_MAX];
    size_t size = (size_t)(format_uint64(digits, count) - digits);

    for (size_t i = 0; i < size; i++) {
        if (i && (size - i) % 3 == 0)
            buffer_text(out, ",");
        buffer_append(out, &digits[i], 1);
    }
}

void html_rate(struct buffer *out, double rate)
{
    if (rate >= 9.95)
        html_count(out, (uint64_t)(rate + 0.5));
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

void html_plot(struct buffer *out, const float *points, size_t count)
{
    float greatest = 0;
    bool drawing = false;

    for (size_t i = 0; i < count; i++)
        if (points[i] > greatest)
            greatest = points[i];
    buffer_text(out, "<svg role=\"img\" preserveAspectRatio=\"none\" aria-label=\"last minutes: at most ");
    html_rate(out, greatest);
    buffer_printf(out, " a second\" viewBox=\"0 -1 %zu %d\"><path d=\"M0 %dh%zu\"/>", count - 1,
                  PLOT_HEIGHT + 2, PLOT_HEIGHT, count - 1);
    for (size_t i = 0; i < count; i++) {
        bool known = !isnan(points[i]);

        if (known != drawing)
            buffer_text(out, known ? "<polyline points=\"" : "\"/>");
        drawing = known;
        if (known)
            buffer_printf(out, "%zu,%.1f ", i,
                          PLOT_HEIGHT - (greatest > 0 ? points[i] / greatest * PLOT_HEIGHT : 0));
    }
    buffer_text(out, drawing ? "\"/></svg>" : "</svg>");
}

void html_table_begin(struct buffer *out, const char *const *columns, size_t count)
{
    buffer_text(out, "<table>\n<thead><tr>");
    for (size_t i = 0; i < count; i++) {
        bool number = columns[i][0] == '#';

        buffer_printf(out, "<th scope=\"col\"%s>%s</th>", number ? " class=\"number\"" : "",
                      columns[i] + number);
    }
    buffer_text(out, "</tr></thead>\n<tbody>\n");
}

void html_table_end(struct buffer *out)
{
    buffer_text(out, "</tbody>\n</table>\n");
}
