/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The private statistics of a device in the tables: a row for each, which is the sum of its queues, a row for
 * each queue, and the loss by cause, which is a sum over statistics. Sums never step back because a queue
 * went: base/part_sum.h says how. Rows of single queues are as the driver has them. Runs on the ethtool
 * collector's thread.
 */

#include "collectors/ethtool/ethtool_tables.h"

/* Makes the device's rows, and its moves. Returns 0 or -ENOMEM. */
int ethtool_sums_rows(struct ethtool_tables *tables, struct ethtool_device *device, bool per_queue);

/* Puts the device's statistics into the draft that ethtool_tables_fill() made. Their rows are its own. */
void ethtool_sums_fill(struct ethtool_device *device, const uint64_t *values, struct snapshot *draft);

/* Takes them out again. */
void ethtool_sums_forget(const struct ethtool_device *device, struct snapshot *draft);
