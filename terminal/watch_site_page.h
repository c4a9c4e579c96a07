/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* One site on the screen, with all that is known of it and of its last packets. Main thread. */

#include "terminal/watch.h"

/* The selected one, on the rows from `row` up to the one before `end`. */
void watch_site_page(struct watch *watch, int row, int end);
