/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The half of drop_naming.c that reads the source, into the book, and notes which names are needed. */

#include "collectors/drops/drop_naming.h"

/* Adds what came since the last reading to what is pending, or nothing: after a failure it is read again and
 * must not be counted twice. Returns 0, 1 if something was removed from where it is counted, or a negative
 * errno. */
int drop_naming_read(struct drop_naming *naming, struct fault *fault);
