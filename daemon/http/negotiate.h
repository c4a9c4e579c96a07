/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Content negotiation (RFC 9110, section 12): from what a client sends to what it gets. Pure, any thread.
 * Nothing that a client writes is an error: what can't be read is passed over, and who asks for nothing that
 * is there gets the plain text, uncompressed.
 */

#include <stdbool.h>

#include "base/table/table.h"

/* The exposition for an Accept header; NULL: there is none. OpenMetrics 1.0.0 goes to who prefers it (by
 * weight, then by how precisely it is named), text 0.0.4 to all others. */
enum exposition negotiate_exposition(const char *accept);

/* True where an Accept-Encoding header (NULL: there is none) asks for gzip, and for nothing else more. */
bool negotiate_gzip(const char *accept_encoding);
