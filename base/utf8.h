/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Checks UTF-8: names and strings from the kernel and from users are arbitrary bytes until checked. Pure. */

#include <stdbool.h>
#include <stddef.h>

/* Returns the length (1 to 4) of the valid sequence at the start of `size` bytes of text, or 0 if it is
 * invalid: truncated, overlong, a surrogate, or above U+10FFFF. */
size_t utf8_sequence(const char *text, size_t size);

bool utf8_valid(const char *text, size_t size);

/* Makes a text valid in place: each invalid byte becomes '?'. */
void utf8_mend(char *text);

/* Copies as much of a text as fits into `size` bytes, NUL included, and makes the copy valid. */
void utf8_copy(char *to, size_t size, const char *from);

/* U+FFFD, which replaces an invalid byte. */
#define UTF8_REPLACEMENT "\xef\xbf\xbd"
