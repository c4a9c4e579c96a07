/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Content negotiation (RFC 9110, section 12): chooses what a client gets by what it accepts. Pure; any
 * thread. Nothing that a client writes is an error: unreadable parts are ignored, and a client that accepts
 * nothing we have gets plain text, uncompressed.
 */

#include <stdbool.h>

#include "base/table/table.h"

/* Returns the exposition for an Accept header, which may be NULL. Clients that prefer OpenMetrics 1.0.0 (by
 * weight, then by how precisely it is named) get it, all others text 0.0.4. */
enum exposition negotiate_exposition(const char *accept);

/* Returns true if an Accept-Encoding header, which may be NULL, prefers gzip. */
bool negotiate_gzip(const char *accept_encoding);
