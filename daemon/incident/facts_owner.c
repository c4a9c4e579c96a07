/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/incident/facts_owner.h"

/* Finds whose packets a loss took, if only one answer is possible. Any thread. */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "daemon/incident/facts.h"

/* Tolerance between two counts of the same packets that are not read at the same moment. */
#define ALIKE 0.05

enum { CONTAINER_SHOWN = 12 };

void owner_name(const struct row_set *rows, size_t row, char *name, size_t size)
{
    /* The root slice is not a unit. */
    static const char *const nobody[] = {"", "unknown", "other", "-.slice"};
    char container[80] = "", unit[OWNER_NAME_SIZE] = "";

    name[0] = '\0';
    (void)row_set_label(rows, row, "unit", unit, sizeof(unit));
    (void)row_set_label(rows, row, "container_id", container, sizeof(container));
    if (container[0])
        (void)snprintf(name, size, "container %.*s", CONTAINER_SHOWN, container);
    for (size_t i = 0; !container[0] && i < ELEMENTS(nobody); i++)
        if (strcmp(unit, nobody[i]) == 0)
            return;
    if (!container[0])
        (void)snprintf(name, size, "%s", unit);
}

void owners_add(struct owners *owners, const struct trend_counter *counter)
{
    struct owner owner = {.count = counter->count};

    owner_name(counter->rows, counter->row, owner.name, sizeof(owner.name));
    if (!owner.name[0])
        return;
    (void)row_set_label(counter->rows, counter->row, "class", owner.class_name, sizeof(owner.class_name));
    if (owners->count == OWNERS_MAX)
        owners->more = true;
    else
        owners->items[owners->count++] = owner;
}

/* Returns true if the packets had a socket: in the stage transport, or sent by this host. */
static bool can_have_owner(const struct facts *facts)
{
    return facts->skbs > 0 &&
           (facts->key.stage == STAGE_TRANSPORT || facts->key.direction == DIRECTION_TRANSMIT);
}

static bool is_alike(const struct facts *facts, const struct owner *owner)
{
    return can_have_owner(facts) && strcmp(owner->class_name, loss_class_name(facts->key.loss_class)) == 0 &&
           fabs(facts->skbs - owner->count) <= ALIKE * facts->skbs + 1;
}

/* Returns the only owner whose numbers match, or NULL if there is none, or more than one. */
static const struct owner *only_owner(const struct owners *owners, const struct facts *facts)
{
    const struct owner *found = NULL;

    for (size_t i = 0; i < owners->count; i++) {
        if (!is_alike(facts, &owners->items[i]))
            continue;
        if (found)
            return NULL;
        found = &owners->items[i];
    }
    return found;
}

static size_t losses_alike(const struct owner *owner, const struct facts *facts, size_t count)
{
    size_t alike = 0;

    for (size_t i = 0; i < count; i++)
        alike += is_alike(&facts[i], owner);
    return alike;
}

void owners_assign(const struct owners *owners, struct facts *facts, size_t count)
{
    for (size_t i = 0; i < count && !owners->more; i++) {
        const struct owner *owner = facts[i].unit[0] ? NULL : only_owner(owners, &facts[i]);

        if (owner && losses_alike(owner, facts, count) == 1)
            (void)snprintf(facts[i].unit, sizeof(facts[i].unit), "%s", owner->name);
    }
}
