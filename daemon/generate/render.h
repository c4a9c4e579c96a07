/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The configuration written down from its option tables: the default file, and the JSON schema that editors
 * and deployment tools check a file with. Pure; used when the program is built.
 */

#include "base/buffer.h"
#include "config/config.h"

/* Every key at its default, but those that inherit another's value. -ENOMEM. */
int render_default(const struct config_binding *bindings, size_t count, struct buffer *out);

/* JSON Schema, draft 2020-12: accepts what the daemon accepts, but for what a schema cannot say (the range of
 * a duration, what an address is, that 256.0 is no way to write 256). -ENOMEM. */
int render_schema(const struct config_binding *bindings, size_t count, struct buffer *out);
