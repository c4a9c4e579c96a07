/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* gzip (RFC 1952) for exposition text: where each line is much like the one before. Any text is right; only
 * such text gets small. Pure; any thread. */

#include <stddef.h>

#include "base/buffer.h"

/* What it works in, 280 KiB; one text at a time. NULL: out of memory. */
struct gzip *gzip_new(void);
struct gzip *gzip_free(struct gzip *gzip); /* accepts NULL, returns NULL */

/* Appends the text as one gzip member. */
void gzip_text(struct gzip *gzip, struct buffer *out, const char *text, size_t size);

/* The same, without regard to what makes less of a small text: it is for gzip_text(), and for tests. */
void gzip_by_rows(struct gzip *gzip, struct buffer *out, const char *text, size_t size);
