/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Fills in templates. The manual pages and the shell completion are written by hand, except for the parts
 * that the program's tables know; a file names such a part as @NAME@. Pure; used when the program is built.
 */

#include <stddef.h>

#include "base/buffer.h"

/* Appends the text with every part filled in. Returns 0, -EINVAL if a part does not exist, or -ENOMEM. */
int template_fill(const char *text, size_t size, struct buffer *out);
