/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Finds whose network namespace losses without an interface were in. Any thread. */

#include <stdbool.h>
#include <stddef.h>

#include "daemon/run/snapshots.h"
#include "daemon/trend/trend.h"

struct facts;

void facts_elsewhere(struct facts *facts, size_t count, const struct snapshots *snapshots,
                     struct trend *trend);

/* Returns true if a row without an interface may count what was lost: it is of the same namespace, or it is
 * not known in which this was. */
bool facts_may_be_in(const struct facts *facts, const struct row_set *rows, size_t row);
