/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * --self-test: prints what this host can and cannot do, line by line, for those who provision many hosts.
 * Each enabled collector runs once, and if drop sites are counted, a few drops of our own are made and looked
 * for. Main thread.
 */

#include "daemon/settings/settings.h"

/* Returns the exit status: 1 if something that is enabled does not work. A collector that is only enabled by
 * default and is not supported on this host is reported but is no failure, except drop sites, which this
 * program is for. */
int command_self_test(struct settings *settings);
