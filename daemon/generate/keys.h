/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * All keys of the configuration in the order in which documents list them: the manual page in roff, and
 * docs/configuration.md. A key that several collectors have comes once, with the default of each. Pure; used
 * when the program is built.
 */

#include "base/buffer.h"
#include "config/option.h"

/* How one document writes them. */
struct key_writer {
    void (*section)(struct buffer *out, const char *title);
    /* `key` is the whole path. `usual` is the default in words; `only` says which collectors have the key,
     * and is NULL where all have it, or its own one. */
    void (*key)(struct buffer *out, const char *key, const struct option *option, const char *usual,
                const char *only);
};

void keys_write(struct buffer *out, const struct key_writer *writer);

/* Returns "boolean", "list", ... */
const char *key_type_name(enum option_type type);
