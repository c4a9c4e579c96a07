/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* gzip (RFC 1952) for exposition text: where each line is much like the one before. Pure; any thread. */

#include <stddef.h>

#include "base/buffer.h"

/* What it works in, 80 KiB; one text at a time. NULL: out of memory. */
struct gzip *gzip_new(void);
struct gzip *gzip_free(struct gzip *gzip);

/* Appends the text as one gzip member. Any text is right; only such text gets small. */
void gzip_lines(struct gzip *gzip, struct buffer *out, const char *text, size_t size);
