/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The long-running daemon: opens everything, serves until SIGTERM or SIGINT, reloads on SIGHUP.
 */

#include "daemon/http/secrets.h"
#include "daemon/settings/settings.h"

/* Returns the exit status. Keeps the source for reloads, and takes over the contents of the secrets. */
int daemon_run(const struct settings_source *source, struct settings *settings, struct secrets *secrets);
