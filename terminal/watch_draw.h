/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The live view on the screen of curses(3), of whatever size. Main thread. */

#include "terminal/watch.h"

/* Makes the next screen; who calls shows it. */
void watch_draw(struct watch *watch);

/* Returns how many lines there are for sites. */
size_t watch_draw_page(void);
