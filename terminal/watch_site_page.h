/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Draws one site with everything that is known about it and its last packets. Main thread. */

#include "terminal/watch.h"

/* Draws the selected site on the rows from `row` to before `end`. */
void watch_site_page(struct watch *watch, int row, int end);
