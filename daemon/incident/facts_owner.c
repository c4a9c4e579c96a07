/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/incident/facts_owner.h"

/* Finds whose packets a loss took, if only one answer is possible. Any thread. */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "daemon/incident/facts.h"
#include "daemon/incident/loss_report.h"

/* Tolerance between two counts of the same packets that are not read at the same moment. */
#define ALIKE 0.05

/* If more workloads lost something, nothing is concluded: a match by chance is likely. */
enum { WORKLOADS_MAX = 64, CONTAINER_SHOWN = 12, OWNER_NAME_SIZE = FACT_NAME_SIZE };

/* A workload that lost as much as an incident did. */
struct match {
    bool found;
    bool sure; /* there is no other, and it matches no other incident */
    char name[OWNER_NAME_SIZE];
};

struct search {
    struct facts *facts;
    size_t count;
    size_t workloads;
    struct match matches[LOSS_REPORT_INCIDENTS_MAX];
};

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

/* Returns true if the packets had a socket: in the stage transport, or sent by this host. */
static bool can_have_owner(const struct facts *facts)
{
    return facts->skbs > 0 &&
           (facts->key.stage == STAGE_TRANSPORT || facts->key.direction == DIRECTION_TRANSMIT);
}

static bool is_alike(const struct facts *facts, double count, const char *class_name)
{
    return can_have_owner(facts) && fabs(facts->skbs - count) <= ALIKE * facts->skbs + 1 &&
           strcmp(class_name, loss_class_name(facts->key.loss_class)) == 0;
}

/* Each workload that lost something within the last minutes makes one counter. */
static bool on_wants(void *data, const struct trend_counter *counter)
{
    const struct search *search = data;

    return counter->column->role == ROLE_WORKLOAD_DROPS && search->workloads <= WORKLOADS_MAX;
}

static void on_take(void *data, const struct trend_counter *counter)
{
    struct search *search = data;
    bool alike[LOSS_REPORT_INCIDENTS_MAX];
    char class_name[16] = "", name[OWNER_NAME_SIZE];
    size_t losses = 0;

    search->workloads++;
    (void)row_set_label(counter->rows, counter->row, "class", class_name, sizeof(class_name));
    for (size_t i = 0; i < search->count; i++) {
        alike[i] = is_alike(&search->facts[i], counter->count, class_name);
        losses += alike[i];
    }
    if (losses)
        owner_name(counter->rows, counter->row, name, sizeof(name));
    for (size_t i = 0; losses && name[0] && i < search->count; i++) {
        struct match *match = &search->matches[i];

        if (!alike[i])
            continue;
        match->sure = losses == 1 && !match->found;
        match->found = true;
        memcpy(match->name, name, sizeof(name));
    }
}

void owners_find(struct facts *facts, size_t count, struct trend *trend)
{
    struct search search = {.facts = facts, .count = count};
    const struct trend_question question = {.points = TREND_POINTS};
    const struct trend_visitor visitor = {.wants = on_wants, .take = on_take, .data = &search};

    trend_visit(trend, &question, &visitor);
    for (size_t i = 0; i < count && search.workloads <= WORKLOADS_MAX; i++)
        if (search.matches[i].sure && !facts[i].unit[0])
            memcpy(facts[i].unit, search.matches[i].name, sizeof(facts[i].unit));
}
