/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Draws the live view on the screen of curses(3), whatever its size. Main thread. */

#include "terminal/watch.h"

/* Draws the next screen, which the caller shows. */
void watch_draw(struct watch *watch);

/* Returns how many lines there are for sites. */
size_t watch_draw_page(void);
