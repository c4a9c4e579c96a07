#include "daemon/log.h"

/* See log.h. A line is composed on the stack and written by one write(), so that threads never interleave. */

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/utf8.h"

enum { LOG_LINE_MAX = 2048 };

static _Atomic enum log_level log_level_max = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
    atomic_store(&log_level_max, level);
}

/* Copies text, with control characters and invalid UTF-8 as \xHH; returns the end. Stops when full. */
static char *log_escape(char *at, const char *end, const char *text)
{
    size_t size = strlen(text);

    while (size && end - at >= 4) {
        size_t sequence = utf8_sequence(text, size);

        if (!sequence || (unsigned char)*text < 0x20 || *text == 0x7f) {
            at += sprintf(at, "\\x%02x", (unsigned)(unsigned char)*text);
            sequence = 1;
        } else {
            memcpy(at, text, sequence);
            at += sequence;
        }
        text += sequence;
        size -= sequence;
    }
    return at;
}

void log_write(enum log_level level, const char *format, ...)
{
    /* The levels of syslog(3), as sd-daemon(3) wants them before each line. */
    static const char *const journal_prefixes[] = {"<3>", "<4>", "<6>", "<7>"};
    static const char *const names[] = {"error: ", "warning: ", "", "debug: "};
    char message[LOG_LINE_MAX];
    char line[LOG_LINE_MAX + 32];
    char *at = line;
    va_list arguments;

    if (level > atomic_load_explicit(&log_level_max, memory_order_relaxed))
        return;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    /* systemd sets JOURNAL_STREAM where standard error is the journal. */
    at = stpcpy(at, getenv("JOURNAL_STREAM") ? journal_prefixes[level] : names[level]);
    at = log_escape(at, line + sizeof(line) - 1, message);
    *at++ = '\n';
    /* Nowhere to report a failing log to. */
    if (write(STDERR_FILENO, line, (size_t)(at - line)) < 0)
        return;
}
