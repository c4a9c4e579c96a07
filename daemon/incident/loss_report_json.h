/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The report for scripts: {"verdict": {...}, "incidents": [...]}. Pure but for the clock. */

#include "base/buffer.h"
#include "daemon/incident/loss_report.h"

/* Appends one line of JSON (RFC 8259). Times are those of RFC 3339, rates are packets a second; what is not
 * known is null. */
void loss_report_json(const struct loss_report *report, const char *host, struct buffer *out);
