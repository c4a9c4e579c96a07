#pragma once

/* gzip (RFC 1952) for exposition text: where each line is much like the one before. Pure; any thread. */

#include <stddef.h>

#include "daemon/buffer.h"

/* Appends the text as one gzip member. Any text is right; only such text gets small. */
void gzip_lines(struct buffer *out, const char *text, size_t size);
