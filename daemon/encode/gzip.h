/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* gzip (RFC 1952) for exposition text, in which each line is much like the one before. Compresses any text
 * correctly, but only such text well. Pure; any thread. */

#include <stddef.h>

#include "base/buffer.h"

/* Makes the working memory, 280 KiB, for one text at a time. Returns NULL if memory runs out. */
struct gzip *gzip_new(void);
struct gzip *gzip_free(struct gzip *gzip); /* accepts NULL, returns NULL */

/* Appends the text as one gzip member. */
void gzip_text(struct gzip *gzip, struct buffer *out, const char *text, size_t size);

/* Does the same by rows alone, even if a general compressor would do better on a small text. For gzip_text()
 * and for tests. */
void gzip_by_rows(struct gzip *gzip, struct buffer *out, const char *text, size_t size);
