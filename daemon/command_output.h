/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Writes the output of commands to standard output. If it cannot be written or was not made, the log says so.
 * All return the exit status. Main thread. */

#include <stddef.h>

#include "base/buffer.h"

int command_output(const char *data, size_t size);
int command_output_text(const struct buffer *text);

/* Reports that the output could not be made. `error` is a negative errno. */
int command_output_none(int error);
