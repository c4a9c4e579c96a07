/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Writes a log message with its fields. If standard error is the journal (JOURNAL_STREAM names it), the
 * message is a structured entry there; otherwise, or if the journal is gone, it is a line on standard error
 * without the fields. Only runners, main and the HTTP server log; everything else returns faults. Any thread.
 */

#include <stdbool.h>
#include <stddef.h>

enum log_level {
    LOG_LEVEL_ERROR,
    LOG_LEVEL_WARN,
    LOG_LEVEL_INFO,
    LOG_LEVEL_DEBUG,
};

/* Fields by which programs query the journal. A field that is NULL or 0 is left out. */
struct log_fields {
    const char *message_id; /* MESSAGE_ID: messages.h */
    const char *collector;  /* NETDROP_COLLECTOR */
    const char *device;     /* NETDROP_DEVICE */
    const char *subject;    /* NETDROP_SUBJECT: what loses packets: a socket, queue or device */
    const char *cause;      /* NETDROP_CAUSE: why packets are lost, as in the metrics' label */
    const char *command;    /* NETDROP_COMMAND: a command that shows more */
    int error;              /* ERRNO, from a negative errno */
};

/* Sets the least important level that is still written; the program's only mutable file-scope variable. */
void log_set_level(enum log_level level);

/* Returns true if the level is written, for callers whose message is expensive to make. */
bool log_enabled(enum log_level level);

/* Writes a message. `fields` may be NULL. Control characters and invalid UTF-8 in the message are escaped,
 * because texts from the kernel are data. */
void log_event(enum log_level level, const struct log_fields *fields, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Writes a message for each line of the text. */
void log_lines(enum log_level level, const char *text, size_t size);

#define log_write(level, ...) log_event(level, NULL, __VA_ARGS__)
#define log_error(...)        log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...)         log_write(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...)         log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)        log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)
