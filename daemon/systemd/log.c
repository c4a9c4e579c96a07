/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/systemd/log.h"

/*
 * Writes messages to the journal or to standard error. Any thread. A line is composed on the stack and
 * written by one write(), so that lines of threads never mix. Where standard error leads is looked up for
 * each message: messages are rare, and so no state is kept.
 */

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#define SD_JOURNAL_SUPPRESS_LOCATION /* the location would always be this file */
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "base/array.h"
#include "base/character.h"
#include "base/utf8.h"

enum {
    LOG_LINE_MAX = 2048,
    ENTRY_MAX = 4096,
    ENTRY_FIELDS_MAX = 9,
};

/* The socket that libsystemd sends to (sd_journal_sendv() in journal-send.c). */
#define JOURNAL_SOCKET "/run/systemd/journal/socket"

static _Atomic enum log_level log_level_max = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
    atomic_store(&log_level_max, level);
}

bool log_enabled(enum log_level level)
{
    return level <= atomic_load_explicit(&log_level_max, memory_order_relaxed);
}

/* Copies text, with control characters and invalid UTF-8 as \xHH. Returns the end. Stops when full. */
static char *log_escape(char *at, const char *end, const char *text)
{
    size_t size = strlen(text);

    while (size && end - at >= 4) {
        size_t sequence = utf8_sequence(text, size);

        if (!sequence || is_control(*text)) {
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

/* Returns the level as in syslog(3). */
static char log_priority(enum log_level level)
{
    static const char priorities[] = "3467";

    return priorities[level];
}

/* systemd passes "DEVICE:INODE" of the stream to which it connected standard error. Standard error may lead
 * elsewhere by now, or the variable may be inherited. */
static bool stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat status;

    return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
           fstat(STDERR_FILENO, &status) == 0 && status.st_dev == device && status.st_ino == inode;
}

/* A journal entry under construction. */
struct entry {
    struct iovec fields[ENTRY_FIELDS_MAX];
    int count;
    char text[ENTRY_MAX];
    size_t size;
};

/* Escapes the value, and cuts it if it does not fit. */
static void entry_add(struct entry *entry, const char *name, const char *value)
{
    char *begin = entry->text + entry->size;
    const char *end = entry->text + sizeof(entry->text);
    char *at;

    if (!value || (size_t)(end - begin) < strlen(name) + 2)
        return;
    at = stpcpy(stpcpy(begin, name), "=");
    at = log_escape(at, end, value);
    entry->fields[entry->count++] = (struct iovec){.iov_base = begin, .iov_len = (size_t)(at - begin)};
    entry->size += (size_t)(at - begin);
}

/* Returns false if the journal did not accept it. */
static bool journal_send(enum log_level level, const struct log_fields *fields, const char *message)
{
    struct entry entry = {};
    char priority[] = {log_priority(level), '\0'};
    char number[16];

    /* sd_journal_sendv(3) returns 0 if there is no journal. */
    if (access(JOURNAL_SOCKET, F_OK) < 0)
        return false;
    (void)snprintf(number, sizeof(number), "%d", -fields->error);
    entry_add(&entry, "PRIORITY", priority);
    entry_add(&entry, "MESSAGE_ID", fields->message_id);
    entry_add(&entry, "NETDROP_COLLECTOR", fields->collector);
    entry_add(&entry, "NETDROP_DEVICE", fields->device);
    entry_add(&entry, "NETDROP_SUBJECT", fields->subject);
    entry_add(&entry, "NETDROP_CAUSE", fields->cause);
    entry_add(&entry, "NETDROP_COMMAND", fields->command);
    entry_add(&entry, "ERRNO", fields->error < 0 ? number : NULL);
    entry_add(&entry, "MESSAGE", message);
    return sd_journal_sendv(entry.fields, entry.count) == 0;
}

/* With `journal`, standard error leads to the journal, which takes the level before each line, as
 * sd-daemon(3) says. */
static void stderr_send(enum log_level level, bool journal, const char *message)
{
    static const char *const names[] = {"error: ", "warning: ", "", "debug: "};
    char line[LOG_LINE_MAX + 32];
    char *at = line;

    if (journal)
        at += sprintf(at, "<%c>", log_priority(level));
    else
        at = stpcpy(at, names[level]);
    at = log_escape(at, line + sizeof(line) - 1, message);
    *at++ = '\n';
    /* A failing log cannot be reported anywhere. */
    if (write(STDERR_FILENO, line, (size_t)(at - line)) < 0)
        return;
}

void log_event(enum log_level level, const struct log_fields *fields, const char *format, ...)
{
    static const struct log_fields none;
    char message[LOG_LINE_MAX];
    va_list arguments;
    bool journal;

    if (!log_enabled(level))
        return;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    journal = stderr_is_journal();
    if (!journal || !journal_send(level, fields ? fields : &none, message))
        stderr_send(level, journal, message);
}

void log_lines(enum log_level level, const char *text, size_t size)
{
    const char *end = array_end(text, size);

    while (text < end) {
        const char *line_end = memchr(text, '\n', (size_t)(end - text));

        if (!line_end)
            line_end = end;
        log_write(level, "%.*s", (int)(line_end - text), text);
        text = line_end + 1;
    }
}
