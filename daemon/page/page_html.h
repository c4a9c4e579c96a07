/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Pieces of HTML that the parts of the page are made of. Pure; errors are the buffer's. */

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

/* Text from outside, escaped. */
void html_text(struct buffer *out, const char *text);

/* "12,345" */
void html_count(struct buffer *out, uint64_t count);

/* Packets a second: "34", "2.5", "0.03", "0". */
void html_rate(struct buffer *out, double rate);

/* Nanoseconds as people read them: "12 µs", "3.4 ms", "5.0 s". */
void html_duration(struct buffer *out, uint64_t ns);

/* An inline SVG of the last minutes, with its greatest value in words; NAN is a gap where there are more than
 * two. */
void html_plot(struct buffer *out, const float *points, size_t count);

/* The head of a table: the names of the columns; those that begin with '#' are columns of numbers. */
void html_table_begin(struct buffer *out, const char *const *columns, size_t count);
void html_table_end(struct buffer *out);
