/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Renders the labels of the buckets of a histogram. table.h says what a histogram is. Pure; any thread. */

#include "base/buffer.h"
#include "base/table/table.h"

/*
 * Appends the labels of the buckets as the encoder writes them after the labels of a row, each followed by a
 * NUL: `le="1"} `, the last `le="+Inf"} `. The numbers are in the form that all exporters agree on
 * (OpenMetrics 1.0, "Canonical Numbers"; what Go's %g prints), since a label is compared as text.
 */
void histogram_render(struct buffer *out, const struct metric *metric, enum exposition exposition);
