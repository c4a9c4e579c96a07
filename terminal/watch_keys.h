/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What a key does to the live view. Main thread. */

#include "terminal/watch.h"

enum watch_action { WATCH_GO_ON, WATCH_QUIT };

/* Handles a key of getch(3). `page` is the number of lines for sites. Returns what the view must do. */
enum watch_action watch_key(struct watch *watch, int key, size_t page);
