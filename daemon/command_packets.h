/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* --watch and --capture, which show dropped packets. Main thread. */

#include "daemon/cli/cli.h"
#include "daemon/settings/settings.h"

/* Runs netdrop-terminal, a program of its own (terminal/), in place of this one, because its libraries do not
 * belong into the daemon. Returns the exit status only if that fails. */
int command_packets(const struct cli *cli, const struct settings *settings);
