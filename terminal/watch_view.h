/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* --watch on a terminal: shows sites with their rates and last packets, once a second, and handles keys.
 * Main thread. */

#include "terminal/daemon_client.h"
#include "terminal/filter.h"

/* Returns true if this terminal can show the view. If not, *ret_why is the reason, or NULL if it is plain to
 * see. */
bool watch_view_possible(const char **ret_why);

/* Runs until q is typed or a signal comes (ending.h), and restores the terminal. Returns the exit status. */
int watch_view(struct daemon_client *client, const struct filter *filter, int ending);
