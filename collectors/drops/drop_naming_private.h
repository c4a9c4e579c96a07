/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The half of drop_naming.c that reads: what the source gives is noted in the book, and which names it needs.
 */

#include "collectors/drops/drop_naming.h"

/* All that came, to what is pending, or nothing: what is read again after a failure is not to be counted
 * twice. 1: and something was taken out of where it is counted; negative errno. */
int drop_naming_read(struct drop_naming *naming, struct fault *fault);
