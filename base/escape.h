/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Makes arbitrary bytes safe to serve: escapes them as the format requires, and writes U+FFFD for invalid
 * UTF-8. One bad byte would make Prometheus refuse the whole scrape. Pure.
 */

#include "base/buffer.h"

enum escape {
    ESCAPE_HELP,  /* HELP of text 0.0.4: backslash, line feed */
    ESCAPE_LABEL, /* label values of both formats, HELP of OpenMetrics: the double quote too */
    ESCAPE_HTML,  /* text and attribute values of a page; control characters become U+FFFD */
    ESCAPE_JSON,  /* the inside of a quoted string; control characters become U+FFFD here too */
};

/* Appends the NUL-terminated text. */
void escape_text(struct buffer *out, enum escape escape, const char *text);
