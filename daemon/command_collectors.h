/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * --list-collectors: what each collector is, whether it can run here, how many series it has with the
 * settings as they are, and how many it would have with others. Main thread.
 */

#include "daemon/settings/settings.h"

/* Opens each collector in turn, prints, and returns the exit status. */
int command_list_collectors(const struct settings *settings);
