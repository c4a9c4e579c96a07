/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/incident/facts_traffic.h"

/* Looks up the traffic that a loss is a share of. Any thread. */

#include <math.h>
#include <string.h>

#include "base/bounds.h"
#include "base/table/row_devices.h"
#include "daemon/incident/facts.h"

/* The period over which losses are compared if no traffic moved. */
#define STILL_SECONDS 10

bool facts_of_device(const struct facts *facts, const char *device)
{
    return facts->device_count > 1 || (device && strcmp(device, facts->device) == 0);
}

bool facts_may_be_others(const struct facts *facts)
{
    return !*facts->device && (facts->elsewhere & ~(unsigned)FACT_OURS);
}

/* Returns true if the loss is a part of this traffic: that of the device if it is known, else that of the
 * protocol, with which the names of its causes begin. */
static bool is_traffic_of(const struct facts *facts, const struct meaning *meaning, const char *device)
{
    bool received = facts->key.direction != DIRECTION_TRANSMIT;

    if (facts_may_be_others(facts) || (meaning->direction == DIRECTION_RECEIVE) != received ||
        facts->key.direction == DIRECTION_NONE)
        return false;
    if (facts->key.stage == STAGE_TRANSPORT)
        return meaning->stage == STAGE_TRANSPORT &&
               strncmp(facts->key.cause, meaning->subject, strlen(meaning->subject)) == 0;
    if (!*facts->device)
        return meaning->stage == facts->key.stage;
    return meaning_of_device(meaning) && facts_of_device(facts, device);
}

/* Returns true if a device's traffic includes the loss. Its counters do not include what an earlier stage
 * lost, nor what the device did not accept, but they do include what its XDP program refused. */
static bool device_counted(const struct facts *facts)
{
    bool refused = facts->key.stage == STAGE_DRIVER && facts->key.loss_class == LOSS_POLICY;

    if (facts->key.stage == STAGE_NETWORK)
        return true;
    return facts->key.direction != DIRECTION_TRANSMIT && (facts->key.stage == STAGE_INGRESS || refused);
}

static void take(struct facts *facts, const struct trend_counter *counter)
{
    facts->traffic = (isnan(facts->traffic) ? 0 : facts->traffic) + counter->rate;
    facts->traffic_ns = uint64_from_double(counter->seconds * NS_PER_SECOND);
    facts->traffic_before =
        meaning_of_device(counter->meaning) ? device_counted(facts) : counter->meaning->with_lost;
    facts->traffic_meaning = counter->meaning;
}

void facts_traffic_take(struct facts *facts, const struct trend_counter *counter, const char *device)
{
    if (is_traffic_of(facts, counter->meaning, device))
        take(facts, counter);
}

/* Takes a column of traffic that stands still. One row is enough: that of the device, or, if the rows do not
 * matter, the first. */
static void find_in_column(struct facts *facts, const struct table *table, const struct column *column)
{
    const bool of_device = meaning_of_device(column->meaning) && *facts->device && facts->device_count == 1;
    const char *device = of_device ? facts->device : NULL;
    struct trend_counter counter = {
        .column = column, .meaning = column->meaning, .rows = table->rows, .seconds = STILL_SECONDS};

    if (is_traffic_of(facts, column->meaning, device) &&
        (of_device ? row_devices_first(table->rows, device, &counter.row) : table->rows->count > 0))
        take(facts, &counter);
}

static void find_in_table(struct facts *facts, size_t count, const struct table *table)
{
    for (size_t at = 0; at < table->columns->count; at++) {
        const struct column *column = &table->columns->columns[at];

        if (!column->meaning || column->meaning->purpose != PURPOSE_TRAFFIC)
            continue;
        for (size_t i = 0; i < count; i++)
            if (isnan(facts[i].traffic))
                find_in_column(&facts[i], table, column);
    }
}

void facts_traffic_still(struct facts *facts, size_t count, const struct snapshots *snapshots)
{
    struct table_walk walk = table_walk_begin(snapshots);
    const struct table *table;

    while ((table = table_walk_next(&walk)))
        find_in_table(facts, count, table);
}
