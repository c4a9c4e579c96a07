/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Prints a document the way people write it: each member of an object on a line of its own, a list on one
 * line. Pure.
 */

#include <cjson/cJSON.h>

#include "base/buffer.h"

/* Prints an object. Its keys are not escaped, so they must be ours. */
void json_print(const cJSON *object, struct buffer *out);
