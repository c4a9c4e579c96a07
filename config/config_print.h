/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Prints the configuration in use: for people, with the origin of each value, or as a complete file. Pure. */

#include "config/config.h"

/* Prints "KEY FROM VALUE" for every key, in columns. */
void config_print_text(const struct config_binding *bindings, size_t count, struct buffer *out);

/* Prints a file that sets every key to its value. A section that inherits is left out if nothing set it, for
 * otherwise it would no longer inherit. Returns 0 or -ENOMEM. */
int config_print_json(const struct config_binding *bindings, size_t count, struct buffer *out);
