/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The commands that print something and exit: --once, --list-collectors. Each returns the exit status.
 */

#include <stdint.h>

#include "daemon/settings/settings.h"

/* Collects once and prints the metrics. 0 where every enabled collector succeeded or is unsupported here. */
int command_once(struct settings *settings, uint64_t listen_ns);

/* Tries to open each collector there is and says what came of it. */
int command_list_collectors(const struct settings *settings);
