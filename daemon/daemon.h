#pragma once

/*
 * The long-running daemon: opens everything, serves until SIGTERM or SIGINT, reloads on SIGHUP.
 */

#include "daemon/settings.h"

/* Returns the exit status. The source is kept for reloads. */
int daemon_run(const struct settings_source *source, struct settings *settings);
