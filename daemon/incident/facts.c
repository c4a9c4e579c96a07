/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/incident/facts.h"

/* Looks up what counters know of a loss: port, queue, workload, traffic. Any thread. */

#include <math.h>
#include <string.h>

#include "base/bounds.h"
#include "base/cleanup.h"
#include "base/harmless.h"
#include "daemon/incident/bursts.h"
#include "daemon/incident/facts_by_device.h"
#include "daemon/incident/facts_elsewhere.h"
#include "daemon/incident/facts_limit.h"
#include "daemon/incident/facts_owner.h"
#include "daemon/incident/facts_recorded.h"
#include "daemon/incident/facts_traffic.h"
#include "daemon/incident/known_sites.h"

/* A queue counts what the queues below it count, too. If a lower queue has at least this share, it is named
 * instead. */
#define NEARLY_ALL 0.8

struct search {
    struct facts_by_device losses;
    struct known_sites *sites;
    bool traffic; /* some traffic moved, so whatever stands still is known */
    bool details; /* counters whose rows no drop site explains: look for their details */
    /* Of the counter that is visited. */
    char device_text[LEDGER_DEVICE_SIZE];
    const char *device; /* NULL: its row has none */
};

void facts_init(struct facts *facts, const struct ledger_key *key, const char *device, unsigned device_count)
{
    *facts = (struct facts){.key = *key, .device_count = device_count, .traffic = NAN};
    strncat(facts->device, device, sizeof(facts->device) - 1);
}

/* Returns true if drops of the incident's cause move this counter, too. */
static bool is_moved(const struct ledger_rule *rule, const struct facts *facts, const char *device)
{
    for (const struct ledger_edge *edge = rule->by; edge < rule->by + LEDGER_EDGES_MAX && edge->cause; edge++)
        if (strcmp(edge->cause, facts->key.cause) == 0 && edge->join != JOIN_PEER)
            return edge->join != JOIN_DEVICE || facts_of_device(facts, device);
    return false;
}

/* Returns true if drops of some cause move this counter whatever their device. */
static bool is_of_any_device(const struct ledger_rule *rule)
{
    for (const struct ledger_edge *edge = rule->by; edge < rule->by + LEDGER_EDGES_MAX && edge->cause; edge++)
        if (edge->join != JOIN_DEVICE && edge->join != JOIN_PEER)
            return true;
    return false;
}

/* Returns true if the row of the ledger belongs to this counter. */
static bool is_own(const struct facts *facts, const struct trend_counter *counter, const char *device)
{
    const struct ledger_rule *rule = counter->rule;
    char cause[LEDGER_NAME_SIZE] = "unexplained";

    if ((rule->mode != LEDGER_REST && rule->mode != LEDGER_ROW) || rule->stage != facts->key.stage)
        return false;
    if (rule->mode == LEDGER_ROW)
        meaning_text(rule->cause, counter->rows, counter->row, cause, sizeof(cause));
    if (strcmp(cause, facts->key.cause) != 0)
        return false;
    if (rule->mode == LEDGER_REST && rule->direction && rule->direction != facts->key.direction)
        return false;
    return !device || facts_of_device(facts, device);
}

/* Returns true if the counter has details of what another counter, which makes the row, counts as well: the
 * same causes move both. */
static bool is_detail(const struct ledger_rule *rule, const struct facts *facts, const char *device)
{
    const struct ledger_edge *edge = rule->by, *own;

    if (!facts->own || rule->mode != LEDGER_DETAIL || (device && !facts_of_device(facts, device)))
        return false;
    for (; edge < rule->by + LEDGER_EDGES_MAX && edge->cause; edge++)
        for (own = facts->own->by; own < facts->own->by + LEDGER_EDGES_MAX && own->cause; own++)
            if (strcmp(own->cause, edge->cause) == 0)
                return true;
    return false;
}

/* Takes out what the name had counted so far: rows that differ only in what is not told are one. */
static uint64_t take_out_evidence(struct facts *facts, const char *name)
{
    struct incident_evidence *evidence = facts->evidence;
    size_t at = 0;
    uint64_t count;

    while (at < facts->evidence_count && strcmp(evidence[at].name, name) != 0)
        at++;
    if (at == facts->evidence_count)
        return 0;
    count = evidence[at].count;
    facts->evidence_count--;
    memmove(&evidence[at], &evidence[at + 1], (facts->evidence_count - at) * sizeof(*evidence));
    return count;
}

static void add_evidence(struct facts *facts, const char *name, double count)
{
    struct incident_evidence *evidence = facts->evidence, added;
    size_t at;

    harmless_copy(added.name, sizeof(added.name), name);
    added.count = uint64_from_double(count) + take_out_evidence(facts, added.name);
    at = facts->evidence_count;
    while (at > 0 && evidence[at - 1].count < added.count)
        at--;
    if (at == INCIDENT_EVIDENCE_MAX)
        return;
    facts->evidence_count += facts->evidence_count < INCIDENT_EVIDENCE_MAX;
    memmove(&evidence[at + 1], &evidence[at], (facts->evidence_count - at - 1) * sizeof(*evidence));
    evidence[at] = added;
}

/* Names the counter as on the metrics page: with its labels, if there is room. */
static void counter_name(const struct trend_counter *counter, char *name, size_t size)
{
    const char *labels = counter->rows->text + counter->rows->offsets[counter->row];
    size_t label_size = counter->rows->offsets[counter->row + 1] - counter->rows->offsets[counter->row];
    size_t name_size = counter->column->name_size;

    while (label_size > 0 && labels[label_size - 1] == ' ')
        label_size--;
    if (name_size + label_size >= size)
        label_size = 0;
    if (name_size >= size)
        name_size = size - 1;
    memcpy(name, counter->column->name, name_size);
    memcpy(name + name_size, labels, label_size);
    name[name_size + label_size] = '\0';
}

static void take_port(struct facts *facts, const struct trend_counter *counter)
{
    char port[FACT_PORT_SIZE];

    if (row_set_label(counter->rows, counter->row, "local_port", port, sizeof(port)) < 0)
        return;
    facts->place.protocol = "UDP"; /* only UDP has a counter by port */
    facts->place.port_count++;
    if (counter->count <= facts->port_drops)
        return;
    facts->port_drops = counter->count;
    memcpy(facts->place.port, port, sizeof(port));
    owner_name(counter->rows, counter->row, facts->unit, sizeof(facts->unit));
}

/* Takes the lowest queue of the device that dropped nearly all. */
static void take_queue(struct facts *facts, const struct trend_counter *counter)
{
    char handle[FACT_KIND_SIZE];
    bool is_root;
    double least;

    if (row_set_label(counter->rows, counter->row, "handle", handle, sizeof(handle)) < 0)
        return;
    is_root = label_value_holds(&(struct label_value){"root", "true"}, counter->rows, counter->row);
    least = facts->queue_drops * (is_root ? 1 / NEARLY_ALL : facts->place.queue_is_root ? NEARLY_ALL : 1);
    if (counter->count <= least)
        return;
    facts->queue_drops = counter->count;
    facts->place.queue_is_root = is_root;
    memcpy(facts->place.queue_handle, handle, sizeof(handle));
    (void)row_set_label(counter->rows, counter->row, "kind", facts->place.queue_kind,
                        sizeof(facts->place.queue_kind));
    (void)row_set_label(counter->rows, counter->row, "parent", facts->place.queue_parent,
                        sizeof(facts->place.queue_parent));
}

static void take_meaning(struct facts *facts, const struct trend_counter *counter)
{
    if (!counter->meaning || counter->count <= facts->meaning_count)
        return;
    facts->meaning = counter->meaning;
    facts->meaning_count = counter->count;
    if (strcmp(facts->key.cause, "unexplained") == 0)
        meaning_text(counter->meaning->cause, counter->rows, counter->row, facts->counter_words,
                     sizeof(facts->counter_words));
}

static void take_counter(struct facts *facts, const struct trend_counter *counter, const char *device,
                         bool details)
{
    const struct ledger_rule *rule = counter->rule;
    char name[160];

    if (details && !is_detail(rule, facts, device))
        return;
    if (!details && is_own(facts, counter, device))
        facts->own = rule;
    else if (!details && (facts_may_be_others(facts) || !is_moved(rule, facts, device)))
        return;
    counter_name(counter, name, sizeof(name));
    add_evidence(facts, name, counter->count);
    take_port(facts, counter);
    take_queue(facts, counter);
    take_meaning(facts, counter);
}

/* Takes a drop site that belongs to the incident by its cause, and by its device if it has one. */
static void take_site(struct facts *facts, const struct trend_counter *counter,
                      const struct known_site *known, const char *device)
{
    char name[sizeof(known->reason) + sizeof(known->function) + LEDGER_DEVICE_SIZE + 8];
    char *end = stpcpy(name, known->reason);

    end = stpcpy(stpcpy(end, *known->reason ? " in " : "in "), known->function);
    if (*device)
        (void)stpcpy(stpcpy(stpcpy(end, " ("), device), ")");
    add_evidence(facts, name, counter->count);
    facts->skbs += counter->count;
    if (counter->count <= facts->site_count)
        return;
    facts->site_count = counter->count;
    memcpy(facts->reason, known->reason, sizeof(facts->reason));
    memcpy(facts->function, known->function, sizeof(facts->function));
}

static void take_site_everywhere(struct search *search, const struct trend_counter *counter)
{
    const char *device = search->device ? search->device : "";
    const struct known_site *known = NULL;
    struct facts *facts;

    for (size_t at = 0; (facts = facts_by_device_next(&search->losses, device, &at));) {
        if (counter->meaning->loss_class != facts->key.loss_class || (facts->device_count > 1 && !*device))
            continue;
        if (!known)
            known = known_sites_find(search->sites, counter);
        if (strcmp(cause_meanings[known->cause].name, facts->key.cause) == 0 &&
            (*device || facts_may_be_in(facts, counter->rows, counter->row)))
            take_site(facts, counter, known, device);
    }
}

/* Rejects quickly most counters of thousands of interfaces. */
static bool is_near(struct search *search, const struct trend_counter *counter)
{
    size_t at = 0;

    search->device = facts_row_device(counter->rows, counter->row, search->device_text);
    return facts_by_device_next(&search->losses, search->device, &at) != NULL;
}

static bool on_wants_details(void *data, const struct trend_counter *counter)
{
    return counter->rule && is_near(data, counter);
}

static bool on_wants(void *data, const struct trend_counter *counter)
{
    struct search *search = data;
    bool traffic = counter->meaning && counter->meaning->purpose == PURPOSE_TRAFFIC;

    search->traffic |= traffic;
    return (counter->rule || traffic || counter->column->role == ROLE_DROP_SITES) && is_near(search, counter);
}

/* Takes a counter of losses or of traffic for all incidents that it may belong to. */
static void take_counter_everywhere(struct search *search, const struct trend_counter *counter)
{
    const struct ledger_rule *rule = counter->rule;
    const char *device = search->device;
    bool any = rule ? !search->details && is_of_any_device(rule) : !meaning_of_device(counter->meaning);
    struct facts *facts;

    for (size_t at = 0; (facts = facts_by_device_next(&search->losses, any ? NULL : device, &at));)
        if (rule)
            take_counter(facts, counter, device, search->details);
        else
            facts_traffic_take(facts, counter, device);
}

static void on_take(void *data, const struct trend_counter *counter)
{
    if (counter->column->role == ROLE_DROP_SITES)
        take_site_everywhere(data, counter);
    else
        take_counter_everywhere(data, counter);
}

void facts_find(struct facts *facts, size_t count, const struct snapshots *snapshots, struct trend *trend,
                struct known_sites *sites)
{
    struct search search = {.sites = sites};
    const struct trend_question question = {.points = TREND_POINTS};
    struct trend_visitor visitor = {.wants = on_wants, .take = on_take, .data = &search};

    if (!count)
        return;
    facts_by_device_init(&search.losses, facts, count);
    facts_elsewhere(facts, count, snapshots, trend);
    trend_visit(trend, &question, &visitor);
    for (size_t i = 0; i < count && !search.details; i++)
        search.details = facts[i].own != NULL;
    if (search.details) {
        visitor.wants = on_wants_details;
        trend_visit(trend, &question, &visitor);
    }
    if (search.traffic)
        facts_traffic_still(facts, count, snapshots);
    owners_find(facts, count, trend);
    bursts_find(facts, count, snapshots);
    facts_limits(facts, count, snapshots);
    facts_recorded(facts, count, snapshots);
}
