/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Lines on the screen of curses(3), cut to the columns there are; outside of it nothing is drawn. Main
 * thread. */

#include "terminal/records.h"

/* From `column` to `end`, the column behind. The rest of them becomes blank. */
void canvas_text(int row, int column, int end, const char *text);

/* So that it ends `width` columns behind `column`. */
void canvas_right(int row, int column, int width, const char *text);

/* "03:09:20.118204  IP ...", and a word behind it. */
void canvas_packet(int row, int column, const struct record *record, const char *behind);

/* Shows the whole row otherwise: A_BOLD, A_REVERSE. */
void canvas_mark(int row, unsigned long attribute);
