/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What a key does to the live view. Main thread. */

#include "terminal/watch.h"

enum watch_action { WATCH_GO_ON, WATCH_QUIT };

/* A key as getch(3) tells it; `page` is how many lines there are for sites. */
enum watch_action watch_key(struct watch *watch, int key, size_t page);
