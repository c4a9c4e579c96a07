/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Finds the incidents that have recorded packets. Any thread. */

#include <stddef.h>

#include "daemon/run/snapshots.h"

struct facts;

/* Marks incidents whose cause has drops, if packets are recorded. It does not need what a snapshot has
 * attached. */
void facts_recorded(struct facts *facts, size_t count, const struct snapshots *snapshots);
