/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The manual pages and the shell completion are written by hand but for what the program's tables know:
 * a file names such a part as @NAME@. Pure; used when the program is built.
 */

#include <stddef.h>

#include "base/buffer.h"

/* Appends the text with every part in its place. -EINVAL: a part that does not exist; -ENOMEM. */
int template_fill(const char *text, size_t size, struct buffer *out);
