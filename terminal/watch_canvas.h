/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Draws lines on the screen of curses(3), cut to its columns. Draws nothing outside of the screen. Main
 * thread. */

#include "terminal/records.h"

/* Draws the text from `column` to before `end`, and makes the rest blank. */
void canvas_text(int row, int column, int end, const char *text);

/* Draws the text so that it ends `width` columns after `column`. */
void canvas_right(int row, int column, int width, const char *text);

/* Draws "03:09:20.118204  IP ...", and `behind` after it. */
void canvas_packet(int row, int column, const struct record *record, const char *behind);

/* Gives the whole row an attribute: A_BOLD, A_REVERSE. */
void canvas_mark(int row, unsigned long attribute);
