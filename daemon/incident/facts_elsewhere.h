/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Finds whose network namespace losses without an interface were in. Any thread. */

#include <stddef.h>

#include "daemon/run/snapshots.h"
#include "daemon/trend/trend.h"

struct facts;

void facts_elsewhere(struct facts *facts, size_t count, const struct snapshots *snapshots,
                     struct trend *trend);
