/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Pieces of HTML for the parts of the page. Pure; errors stay in the buffer. */

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

/* Appends text from outside, escaped. */
void html_text(struct buffer *out, const char *text);

/* Appends "12,345". */
void html_count(struct buffer *out, uint64_t count);

/* Appends "9,999", "12k" or "3.4M", a short form for narrow columns. */
void html_short_count(struct buffer *out, uint64_t count);

/* Appends packets a second: "34", "2.5", "0.03", "0". */
void html_rate(struct buffer *out, double rate);

/* Appends nanoseconds as people read them: "12 µs", "3.4 ms", "5.0 s". */
void html_duration(struct buffer *out, uint64_t ns);

/* Appends an inline SVG of the last minutes, with its largest value as text. More than two NANs in a row are
 * a gap. */
void html_plot(struct buffer *out, const float *points, size_t count);

/* Appends the head of a table with the names of the columns. Names that begin with '#' are for columns of
 * numbers. */
void html_table_begin(struct buffer *out, const char *const *columns, size_t count);
void html_table_end(struct buffer *out);

/* Begins a cell with its class and the name of its column, each "" for none. A narrow page shows a row as a
 * card, with the name beside each cell. */
void html_cell(struct buffer *out, const char *column, const char *style);
