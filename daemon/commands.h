/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The commands that print something and exit: --once, --print-config. Each returns the exit status.
 */

#include <stdint.h>

#include "daemon/settings/settings.h"

/* Collects once and prints the metrics. Returns 0 if every enabled collector succeeded or is unsupported
 * here. */
int command_once(struct settings *settings, uint64_t listen_ns);

enum config_format { CONFIG_FORMAT_TEXT, CONFIG_FORMAT_JSON };

/* Prints the configuration in use. */
int command_print_config(struct settings *settings, enum config_format format);
