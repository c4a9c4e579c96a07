/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/report.h"

/* Collects the mistakes of a configuration, one line each. Main thread. */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/character.h"
#include "base/utf8.h"

void report_escape(struct buffer *out, const char *text)
{
    size_t size = strlen(text);

    while (size) {
        size_t sequence = utf8_sequence(text, size);

        if (!sequence || is_control(*text)) {
            buffer_printf(out, "\\x%02x", (unsigned)(unsigned char)*text);
            sequence = 1;
        } else {
            buffer_append(out, text, sequence);
        }
        text += sequence;
        size -= sequence;
    }
}

__attribute__((format(printf, 4, 0))) static void
report_line(struct report *report, unsigned line, const char *key, const char *format, va_list arguments)
{
    char text[512];

    (void)vsnprintf(text, sizeof(text), format, arguments);
    report_escape(report->out, report->source);
    if (line)
        buffer_printf(report->out, ":%u", line);
    buffer_text(report->out, ": ");
    report_escape(report->out, key);
    if (*key)
        buffer_text(report->out, ": ");
    report_escape(report->out, text);
    buffer_text(report->out, "\n");
}

void report_error(struct report *report, unsigned line, const char *key, const char *format, ...)
{
    va_list arguments;

    if (report->errors++ >= REPORT_LINES_MAX)
        return;
    va_start(arguments, format);
    report_line(report, line, key, format, arguments);
    va_end(arguments);
}

void report_warning(struct report *report, unsigned line, const char *key, const char *format, ...)
{
    va_list arguments;

    if (report->warnings++ >= REPORT_LINES_MAX)
        return;
    va_start(arguments, format);
    report_line(report, line, key, format, arguments);
    va_end(arguments);
}

void report_end(struct report *report)
{
    if (report->errors > REPORT_LINES_MAX)
        buffer_printf(report->out, "and %u more errors\n", report->errors - REPORT_LINES_MAX);
    if (report->warnings > REPORT_LINES_MAX)
        buffer_printf(report->out, "and %u more warnings\n", report->warnings - REPORT_LINES_MAX);
}

void key_path(char path[KEY_PATH_MAX], const char *parent, const char *key)
{
    (void)snprintf(path, KEY_PATH_MAX, "%s%s%s", parent, *parent ? "." : "", key);
}
