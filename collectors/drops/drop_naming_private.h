/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The half of drop_naming.c that reads: what the source gives is noted in the book, and which names it needs.
 */

#include "collectors/drops/drop_naming.h"

/* Adds all that came to what is pending, or nothing of it: what is read again after a failure must not be
 * counted twice. Returns 0, 1 if something was taken out of where it is counted, or a negative errno. */
int drop_naming_read(struct drop_naming *naming, struct fault *fault);
