/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Writes commands that people paste into a shell. The only place that quotes their words. Pure. */

#include <stdbool.h>

#include "base/buffer.h"

/* Appends the text as one word of a POSIX shell, in quotes if it needs some. Returns false and appends
 * nothing if the text has something that no command should hold: control characters, invalid UTF-8, U+FFFD
 * (which stands for an invalid byte), or characters that change how a terminal shows the rest. */
bool shell_word(struct buffer *out, const char *text);
