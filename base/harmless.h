/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Makes names from outside safe for a terminal and for text that people read: nothing in them moves the
 * cursor, changes a colour, or makes the rest of a line look different. Pure.
 */

#include <stdbool.h>
#include <stddef.h>

/* Returns true if the text is valid UTF-8 without control characters (C0, DEL, C1), line separators,
 * invisible characters, and characters that change the direction of writing. */
bool harmless(const char *text);

/* Copies as much of a text as fits into `size` bytes, NUL included. Each harmful character becomes '?'. */
void harmless_copy(char *to, size_t size, const char *from);
