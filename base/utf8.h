/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * UTF-8 as the outside world needs it checked: names and strings from the kernel and from users are arbitrary
 * bytes until proven otherwise. Pure.
 */

#include <stdbool.h>
#include <stddef.h>

/* Length (1 to 4) of the valid sequence at text, size bytes long; 0 where it is not valid: truncated,
 * overlong, a surrogate, above U+10FFFF. */
size_t utf8_sequence(const char *text, size_t size);

bool utf8_valid(const char *text, size_t size);

/* U+FFFD, what an invalid byte is shown as. */
#define UTF8_REPLACEMENT "\xef\xbf\xbd"
