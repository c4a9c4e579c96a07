/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Reads a header that a request may repeat: a list, which a client or a proxy may spread over several lines,
 * and which means the same as one line with commas (RFC 9110, 5.3). HTTP threads.
 */

#include <microhttpd.h>

#include "base/buffer.h"

/* Returns NULL if there is none; the connection's own text if there is one; and the text in `storage`, which
 * must be empty, if there are several. If memory runs out, returns the first. */
const char *field_list(struct MHD_Connection *connection, const char *name, struct buffer *storage);
