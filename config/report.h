/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * All mistakes of a configuration: one line for each, "SOURCE:LINE: KEY: text", up to a bound. Control
 * characters and invalid UTF-8 are written as \xHH, so that no key or value can forge a line. Main thread.
 */

#include "base/buffer.h"

enum {
    REPORT_LINES_MAX = 20, /* of errors, and of warnings; further ones are only counted */
    KEY_PATH_MAX = 256,
};

struct report {
    const char *source; /* the file's name, or "command line" */
    struct buffer *out;
    unsigned errors;
    unsigned warnings;
};

/* Add a line. `line` may be 0 and `key` may be "" if there is none. */
void report_error(struct report *report, unsigned line, const char *key, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void report_warning(struct report *report, unsigned line, const char *key, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Adds how many lines were left out, if any. */
void report_end(struct report *report);

/* Appends text, made safe for one line of a terminal or a log. */
void report_escape(struct buffer *out, const char *text);

/* Writes "parent.key", or "key" if the parent is "". A path longer than any key of ours is cut. */
void key_path(char path[KEY_PATH_MAX], const char *parent, const char *key);
