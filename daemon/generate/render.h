/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The JSON schema of the configuration, for editors and deployment tools, made from the option tables. Pure;
 * used when the program is built.
 */

#include "base/buffer.h"
#include "config/config.h"

/* Writes a JSON Schema, draft 2020-12. It accepts what the daemon accepts, except for what a schema cannot
 * say (the range of a duration, what an address is, that 256.0 is no way to write 256). Returns 0 or
 * -ENOMEM. */
int render_schema(const struct config_binding *bindings, size_t count, struct buffer *out);
