/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/incident/facts_traffic.h"

/* Looks up the traffic that a loss is a share of. Any thread. */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/bounds.h"
#include "daemon/incident/facts.h"

/* The period over which losses are compared if no traffic moved. */
#define STILL_SECONDS 10

bool facts_of_device(const struct facts *facts, const struct row_set *rows, size_t row)
{
    char device[LEDGER_DEVICE_SIZE];

    if (facts->device_count > 1)
        return true;
    return row_set_label(rows, row, "device", device, sizeof(device)) >= 0 &&
           strcmp(device, facts->device) == 0;
}

bool facts_may_be_others(const struct facts *facts)
{
    return !*facts->device && (facts->elsewhere & ~(unsigned)FACT_OURS);
}

/* Returns true if the loss is a part of this traffic: that of the device if it is known, else that of the
 * protocol, with which the names of its causes begin. */
static bool is_traffic_of(const struct facts *facts, const struct trend_counter *counter, const char *subject)
{
    const struct meaning *meaning = counter->meaning;
    bool received = facts->key.direction != DIRECTION_TRANSMIT;

    if ((meaning->direction == DIRECTION_RECEIVE) != received || facts->key.direction == DIRECTION_NONE)
        return false;
    if (facts->key.stage == STAGE_TRANSPORT)
        return meaning->stage == STAGE_TRANSPORT && strncmp(facts->key.cause, subject, strlen(subject)) == 0;
    if (!*facts->device)
        return meaning->stage == facts->key.stage;
    return meaning_of_device(meaning) && facts_of_device(facts, counter->rows, counter->row);
}

void facts_traffic_take(struct facts *facts, const struct trend_counter *counter)
{
    const char *subject = counter->meaning->subject;
    bool received = facts->key.direction != DIRECTION_TRANSMIT;

    if (facts_may_be_others(facts) || !is_traffic_of(facts, counter, subject))
        return;
    facts->traffic = (isnan(facts->traffic) ? 0 : facts->traffic) + counter->rate;
    facts->traffic_ns = uint64_from_double(counter->seconds * NS_PER_SECOND);
    /* Counters of later stages do not include what an earlier stage lost, nor what a device did not
     * accept. */
    facts->traffic_before =
        meaning_of_device(counter->meaning)
            ? facts->key.stage == STAGE_NETWORK || (received && facts->key.stage == STAGE_INGRESS)
            : counter->meaning->with_lost;
    if (meaning_of_device(counter->meaning))
        (void)snprintf(facts->traffic_of, sizeof(facts->traffic_of), "what %s %s", facts->device,
                       received ? "receives" : "sends");
    else
        (void)snprintf(facts->traffic_of, sizeof(facts->traffic_of), "the %s %s", counter->meaning->cause,
                       received ? "received" : "sent");
}

static void find_still_traffic(struct facts *facts, const struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->table_count; i++) {
        const struct table *table = &snapshot->tables[i];

        for (size_t at = 0; at < table->columns->count * table->rows->count && isnan(facts->traffic); at++) {
            struct trend_counter counter = {.column = &table->columns->columns[at / table->rows->count],
                                            .rows = table->rows,
                                            .row = at % table->rows->count,
                                            .seconds = STILL_SECONDS};

            counter.meaning = counter.column->meaning;
            if (!counter.meaning || counter.meaning->purpose != PURPOSE_TRAFFIC)
                at += table->rows->count - 1; /* skip the column's other rows */
            else
                facts_traffic_take(facts, &counter);
        }
    }
}

void facts_traffic_still(struct facts *facts, size_t count, const struct snapshots *snapshots)
{
    for (size_t i = 0; i < count; i++)
        for (size_t slot = 0; slot < snapshots->count && isnan(facts[i].traffic); slot++)
            if (snapshots->items[slot])
                find_still_traffic(&facts[i], snapshots->items[slot]);
}
