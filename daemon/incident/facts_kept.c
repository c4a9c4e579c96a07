/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/incident/facts_kept.h"

/* Keeps the subject of a loss. Any thread. */

#include <string.h>

#include "daemon/incident/incident.h"

static void remember(struct facts_kept *kept, const struct facts *facts, uint64_t count)
{
    kept->count = count;
    memcpy(kept->port, facts->port, sizeof(kept->port));
    kept->protocol = facts->protocol;
    kept->port_count = facts->port_count;
    memcpy(kept->queue_kind, facts->queue_kind, sizeof(kept->queue_kind));
    memcpy(kept->queue_handle, facts->queue_handle, sizeof(kept->queue_handle));
    memcpy(kept->queue_parent, facts->queue_parent, sizeof(kept->queue_parent));
    kept->queue_is_root = facts->queue_is_root;
    kept->limit = facts->limit;
    kept->limit_now = facts->limit_now;
    kept->limit_most = facts->limit_most;
}

static void give_back(const struct facts_kept *kept, struct facts *facts)
{
    memcpy(facts->port, kept->port, sizeof(facts->port));
    facts->protocol = kept->protocol;
    facts->port_count = kept->port_count;
    memcpy(facts->queue_kind, kept->queue_kind, sizeof(facts->queue_kind));
    memcpy(facts->queue_handle, kept->queue_handle, sizeof(facts->queue_handle));
    memcpy(facts->queue_parent, kept->queue_parent, sizeof(facts->queue_parent));
    facts->queue_is_root = kept->queue_is_root;
    if (facts->limit)
        return;
    facts->limit = kept->limit;
    facts->limit_now = kept->limit_now;
    facts->limit_most = kept->limit_most;
}

void facts_keep(struct facts_kept *kept, struct facts *facts, const struct incident *incident)
{
    bool stands = kept->moved_ns == incident->moved_ns;

    if (kept->since_ns != incident->since_ns)
        *kept = (struct facts_kept){.since_ns = incident->since_ns};
    if (facts->port_count || facts->queue_kind[0]) {
        remember(kept, facts, incident->count);
    } else if (kept->count && incident->count / 2 <= kept->count) {
        give_back(kept, facts);
        stands = true;
    }
    if (stands && !facts->unit[0])
        memcpy(facts->unit, kept->unit, sizeof(facts->unit));
    memcpy(kept->unit, facts->unit, sizeof(kept->unit));
    kept->moved_ns = incident->moved_ns;
}
