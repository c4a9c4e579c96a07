/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The report as text for a terminal: at most 80 columns, but for commands, which stay whole. Pure but for the
 * local time. */

#include <stdbool.h>

#include "base/buffer.h"
#include "daemon/incident/loss_report.h"

/* Appends it. `host` is its name; with `coloured` the words that tell how bad it is have a colour (ECMA-48).
 */
void loss_report_text(const struct loss_report *report, const char *host, bool coloured, struct buffer *out);
