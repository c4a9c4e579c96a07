/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Arbitrary bytes made fit for the exposition: escaped as the format wants it, invalid UTF-8 as U+FFFD (one
 * bad byte would make Prometheus refuse the whole scrape). Pure.
 */

#include "base/buffer.h"

enum escape {
    ESCAPE_HELP,  /* HELP of text 0.0.4: backslash, line feed */
    ESCAPE_LABEL, /* label values of both formats, HELP of OpenMetrics: the double quote too */
    ESCAPE_HTML,  /* text and attribute values of a page; control characters become U+FFFD */
};

/* Appends the NUL-terminated text. */
void escape_text(struct buffer *out, enum escape escape, const char *text);
