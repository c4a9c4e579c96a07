/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/incident/facts_kept.h"

/* Keeps the subject of a loss. Any thread. */

#include <string.h>

#include "daemon/incident/incident.h"

void facts_keep(struct facts_kept *kept, struct facts *facts, const struct incident *incident)
{
    bool stands = kept->moved_ns == incident->moved_ns;

    if (kept->since_ns != incident->since_ns)
        *kept = (struct facts_kept){.since_ns = incident->since_ns};
    if (facts->place.port_count || facts->place.queue_kind[0]) {
        kept->count = incident->count;
        kept->place = facts->place;
        kept->limit = facts->limit;
    } else if (kept->count && incident->count / 2 <= kept->count) {
        facts->place = kept->place;
        if (!facts->limit.of)
            facts->limit = kept->limit;
        stands = true;
    }
    if (stands && !facts->unit[0])
        memcpy(facts->unit, kept->unit, sizeof(facts->unit));
    memcpy(kept->unit, facts->unit, sizeof(kept->unit));
    kept->moved_ns = incident->moved_ns;
}
