/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Writes tables as exposition text. Pure: no I/O, no locks, any thread. Both formats come from the same
 * tables; they differ in the headers of a column (rendered with the column set) and in the last line.
 */

#include "base/buffer.h"
#include "base/table/snapshot.h"
#include "base/table/table.h"

/* Appends every table of the snapshot, each column as one family. Columns without a present cell are left
 * out. */
void encode_snapshot(struct buffer *out, const struct snapshot *snapshot, enum exposition exposition);

/* Encodes the same of what has node_exporter's names, and of nothing else. */
void encode_snapshot_node(struct buffer *out, const struct snapshot *snapshot, enum exposition exposition);

/* Appends what ends the exposition ("# EOF" in OpenMetrics). */
void encode_end(struct buffer *out, enum exposition exposition);
