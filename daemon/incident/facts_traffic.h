/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Finds the traffic that a loss is a share of. Any thread. */

#include <stdbool.h>
#include <stddef.h>

#include "daemon/run/snapshots.h"
#include "daemon/trend/trend.h"

struct facts;

/* Returns true if a row of this device belongs to the incident: it is the device that loses, or several lose.
 * `device` is NULL if the row has none. */
bool facts_of_device(const struct facts *facts, const char *device);

/* Returns true if the loss may be of other namespaces, of which our counters know nothing: what has no
 * interface of ours. Then counters tell of it only if all of it is ours. */
bool facts_may_be_others(const struct facts *facts);

/* Takes a counter of traffic if the loss is a part of that traffic. `device` is NULL if its row has none. */
void facts_traffic_take(struct facts *facts, const struct trend_counter *counter, const char *device);

/* Takes counters of traffic that stand still, which no trend shows: nothing went through, which is a number,
 * too. */
void facts_traffic_still(struct facts *facts, size_t count, const struct snapshots *snapshots);
