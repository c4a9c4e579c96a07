/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* --watch on a terminal: sites by their rates with their last packets, once a second, and keys. Main thread.
 */

#include "terminal/daemon_client.h"
#include "terminal/filter.h"

/* Whether this terminal can show it; if not, `ret_why` says so, where it is not plain to see. */
bool watch_view_possible(const char **ret_why);

/* Until q or a signal (ending.h); the terminal then is as it was. The exit status. */
int watch_view(struct daemon_client *client, const struct filter *filter, int ending);
