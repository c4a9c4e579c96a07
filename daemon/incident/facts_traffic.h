/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Finds the traffic that a loss is a share of. Any thread. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/run/registry.h"
#include "daemon/trend/trend.h"

struct facts;

/* True where the row is of the interface that loses, or of any where several do. */
bool facts_of_device(const struct facts *facts, const struct row_set *rows, size_t row);

/* What has no interface of ours may be other namespaces', of which our counters know nothing: they tell of it
 * only where all of it is ours. */
bool facts_may_be_others(const struct facts *facts);

/* Takes a counter of traffic, where it is of that which the loss is a part of. */
void facts_traffic_take(struct facts *facts, const struct trend_counter *counter);

/* What stands still no trend shows: nothing went through, which is a number, too. `now_ns` is CLOCK_BOOTTIME.
 */
void facts_traffic_still(struct facts *facts, size_t count, const struct snapshots *snapshots);
