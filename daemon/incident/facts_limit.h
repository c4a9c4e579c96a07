/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Finds the limits that losses ran into, if snapshots have them. Any thread. */

#include <stddef.h>

#include "daemon/run/snapshots.h"

struct facts;

/* Reads the limits of losses whose counters name one. */
void facts_limits(struct facts *facts, size_t count, const struct snapshots *snapshots);
