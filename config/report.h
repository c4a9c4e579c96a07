/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What is wrong with a configuration, all of it: one line for each thing, "SOURCE:LINE: KEY: text", until
 * there are too many to be worth reading. Control characters and invalid UTF-8 come out as \xHH, so that no
 * key or value can forge a line. Main thread.
 */

#include "base/buffer.h"

enum {
    REPORT_LINES_MAX = 20, /* of errors, and of warnings; the rest is only counted */
    KEY_PATH_MAX = 256,
};

struct report {
    const char *source; /* the file's name, or "command line" */
    struct buffer *out;
    unsigned errors;
    unsigned warnings;
};

/* `line` 0: none; `key` "": none. */
void report_error(struct report *report, unsigned line, const char *key, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void report_warning(struct report *report, unsigned line, const char *key, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Says how many lines were left out, if any. */
void report_end(struct report *report);

/* Appends text made fit for one line of a terminal or a log. */
void report_escape(struct buffer *out, const char *text);

/* "parent.key"; "key" where the parent is "". What is longer than any key we have is cut. */
void key_path(char path[KEY_PATH_MAX], const char *parent, const char *key);
