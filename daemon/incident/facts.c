/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/incident/facts.h"

/* Looks up what counters know of a loss: port, queue, workload, traffic. Any thread. */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/bounds.h"
#include "base/cleanup.h"
#include "base/harmless.h"
#include "collectors/meaning/drop_meaning.h"
#include "daemon/incident/facts_limit.h"
#include "daemon/incident/facts_owner.h"
#include "daemon/incident/facts_traffic.h"
#include "daemon/incident/loss_packets.h"

/* A queue counts what the queues below it count, too. If a lower queue has at least this share, it is named
 * instead. */
#define NEARLY_ALL 0.8

/* A drop site, by its labels, and its meaning: many devices share one. */
struct place_meaning {
    char reason[64], function[64], class_name[16];
    const struct drop_meaning *meaning;
};

struct search {
    struct facts *facts;
    size_t count;
    struct owners owners;
    bool traffic;              /* some traffic moved, so whatever stands still is known */
    bool details;              /* counters whose rows no drop site explains: look for their details */
    struct place_meaning last; /* the last one looked up */
};

void facts_init(struct facts *facts, const struct ledger_key *key, const char *device, unsigned device_count)
{
    *facts = (struct facts){.key = *key, .device = device, .device_count = device_count, .traffic = NAN};
}

/* Returns true if drops of the incident's cause move this counter, too. */
static bool is_moved(const struct ledger_rule *rule, const struct facts *facts, const struct row_set *rows,
                     size_t row)
{
    for (const struct ledger_edge *edge = rule->by; edge < rule->by + LEDGER_EDGES_MAX && edge->cause; edge++)
        if (strcmp(edge->cause, facts->key.cause) == 0 && edge->join != JOIN_PEER)
            return edge->join != JOIN_DEVICE || facts_of_device(facts, rows, row);
    return false;
}

/* Returns true if the row of the ledger belongs to this counter. */
static bool is_own(const struct ledger_rule *rule, const struct facts *facts, const struct row_set *rows,
                   size_t row)
{
    char text[LEDGER_DEVICE_SIZE], cause[LEDGER_NAME_SIZE] = "unexplained";

    if ((rule->mode != LEDGER_REST && rule->mode != LEDGER_ROW) || rule->stage != facts->key.stage)
        return false;
    if (rule->mode == LEDGER_ROW)
        meaning_text(rule->cause, rows, row, cause, sizeof(cause));
    if (strcmp(cause, facts->key.cause) != 0)
        return false;
    if (rule->mode == LEDGER_REST && rule->direction && rule->direction != facts->key.direction)
        return false;
    return row_set_label(rows, row, "device", text, sizeof(text)) < 0 || facts_of_device(facts, rows, row);
}

/* Returns true if the counter has details of what another counter, which makes the row, counts as well: the
 * same causes move both. */
static bool is_detail(const struct ledger_rule *rule, const struct facts *facts, const struct row_set *rows,
                      size_t row)
{
    const struct ledger_edge *edge = rule->by, *own;
    char device[LEDGER_DEVICE_SIZE];

    if (!facts->own || rule->mode != LEDGER_DETAIL)
        return false;
    if (row_set_label(rows, row, "device", device, sizeof(device)) >= 0 && !facts_of_device(facts, rows, row))
        return false;
    for (; edge < rule->by + LEDGER_EDGES_MAX && edge->cause; edge++)
        for (own = facts->own->by; own < facts->own->by + LEDGER_EDGES_MAX && own->cause; own++)
            if (strcmp(own->cause, edge->cause) == 0)
                return true;
    return false;
}

static void add_evidence(struct facts *facts, const char *name, double count)
{
    struct incident_evidence *evidence = facts->evidence;
    size_t at = facts->evidence_count;

    while (at > 0 && (double)evidence[at - 1].count < count)
        at--;
    if (at == INCIDENT_EVIDENCE_MAX)
        return;
    facts->evidence_count += facts->evidence_count < INCIDENT_EVIDENCE_MAX;
    memmove(&evidence[at + 1], &evidence[at], (facts->evidence_count - at - 1) * sizeof(*evidence));
    harmless_copy(evidence[at].name, sizeof(evidence[at].name), name);
    evidence[at].count = uint64_from_double(count + 0.5);
}

/* Names the counter as on the metrics page: with its labels, if there is room. */
static void counter_name(const struct trend_counter *counter, char *name, size_t size)
{
    const char *labels = counter->rows->text + counter->rows->offsets[counter->row];
    size_t label_size = counter->rows->offsets[counter->row + 1] - counter->rows->offsets[counter->row];

    while (label_size > 0 && labels[label_size - 1] == ' ')
        label_size--;
    (void)snprintf(name, size, "%s", counter->column->name);
    if (strlen(name) + label_size < size)
        strncat(name, labels, label_size);
}

static void take_port(struct facts *facts, const struct trend_counter *counter)
{
    char port[FACT_PORT_SIZE];

    if (row_set_label(counter->rows, counter->row, "local_port", port, sizeof(port)) < 0)
        return;
    facts->protocol = "UDP"; /* only UDP has a counter by port */
    facts->port_count++;
    if (counter->count <= facts->port_drops)
        return;
    facts->port_drops = counter->count;
    memcpy(facts->port, port, sizeof(port));
    owner_name(counter->rows, counter->row, facts->unit, sizeof(facts->unit));
}

/* Takes the lowest queue of the device that dropped nearly all. */
static void take_queue(struct facts *facts, const struct trend_counter *counter)
{
    char handle[FACT_KIND_SIZE];
    bool is_root = label_value_holds(&(struct label_value){"root", "true"}, counter->rows, counter->row);
    double least = facts->queue_drops * (is_root ? 1 / NEARLY_ALL : facts->queue_is_root ? NEARLY_ALL : 1);

    if (row_set_label(counter->rows, counter->row, "handle", handle, sizeof(handle)) < 0 ||
        counter->count <= least)
        return;
    facts->queue_drops = counter->count;
    facts->queue_is_root = is_root;
    memcpy(facts->queue_handle, handle, sizeof(handle));
    (void)row_set_label(counter->rows, counter->row, "kind", facts->queue_kind, sizeof(facts->queue_kind));
    (void)row_set_label(counter->rows, counter->row, "parent", facts->queue_parent,
                        sizeof(facts->queue_parent));
}

static void take_meaning(struct facts *facts, const struct trend_counter *counter)
{
    if (!counter->meaning || counter->count <= facts->meaning_count)
        return;
    facts->meaning = counter->meaning;
    facts->meaning_count = counter->count;
    meaning_text(counter->meaning->cause, counter->rows, counter->row, facts->counter_words,
                 sizeof(facts->counter_words));
}

static void take_counter(struct facts *facts, const struct trend_counter *counter,
                         const struct ledger_rule *rule, bool details)
{
    char name[160];

    if (details && !is_detail(rule, facts, counter->rows, counter->row))
        return;
    if (!details && is_own(rule, facts, counter->rows, counter->row))
        facts->own = rule;
    else if (!details && (facts_may_be_others(facts) || !is_moved(rule, facts, counter->rows, counter->row)))
        return;
    counter_name(counter, name, sizeof(name));
    add_evidence(facts, name, counter->count);
    take_port(facts, counter);
    take_queue(facts, counter);
    take_meaning(facts, counter);
}

/* Takes a drop site that belongs to the incident by its cause, and by its device if it has one. */
static void take_site(struct facts *facts, const struct trend_counter *counter, const char *reason,
                      const char *function, const char *device)
{
    char name[160];

    (void)snprintf(name, sizeof(name), "%s%sin %s%s%s%s", reason, *reason ? " " : "", function,
                   *device ? " (" : "", device, *device ? ")" : "");
    add_evidence(facts, name, counter->count);
    facts->skbs += counter->count;
    if (counter->count <= facts->site_count)
        return;
    facts->site_count = counter->count;
    (void)snprintf(facts->site, sizeof(facts->site), "%s%sin %s", reason, *reason ? " " : "", function);
}

static const struct drop_meaning *meaning_of_place(struct place_meaning *last, const char *reason,
                                                   const char *function, const char *class_name)
{
    if (strcmp(last->function, function) != 0 || strcmp(last->reason, reason) != 0 ||
        strcmp(last->class_name, class_name) != 0) {
        memcpy(last->reason, reason, sizeof(last->reason));
        memcpy(last->function, function, sizeof(last->function));
        memcpy(last->class_name, class_name, sizeof(last->class_name));
        last->meaning = drop_meaning_of_class(reason, function, class_name);
    }
    return last->meaning;
}

static void take_site_everywhere(struct search *search, const struct trend_counter *counter)
{
    char reason[64] = "", function[64] = "", class_name[16] = "", device[LEDGER_DEVICE_SIZE] = "";
    const struct drop_meaning *meaning = NULL;
    bool looked = false;

    (void)row_set_label(counter->rows, counter->row, "class", class_name, sizeof(class_name));
    (void)row_set_label(counter->rows, counter->row, "device", device, sizeof(device));
    for (size_t i = 0; i < search->count; i++) {
        struct facts *facts = &search->facts[i];

        if (strcmp(class_name, loss_class_name(facts->key.loss_class)) != 0 ||
            (facts->device_count < 2 ? strcmp(device, facts->device) != 0 : !*device))
            continue;
        if (!looked) {
            (void)row_set_label(counter->rows, counter->row, "reason", reason, sizeof(reason));
            (void)row_set_label(counter->rows, counter->row, "function", function, sizeof(function));
            meaning = meaning_of_place(&search->last, reason, function, class_name);
            looked = true;
        }
        if (strcmp(cause_meanings[meaning ? meaning->cause : CAUSE_UNKNOWN].name, facts->key.cause) == 0)
            take_site(facts, counter, reason, function, device);
    }
}

static bool has_device(const struct facts *facts)
{
    return *facts->device || facts->device_count > 1;
}

/* Takes drops by cause, which tell whether drops without a device were in another namespace. */
static void take_cause(struct facts *facts, const struct trend_counter *counter)
{
    const struct row_set *rows = counter->rows;
    const struct label_value wanted[] = {
        {"cause", facts->key.cause}, {"direction", direction_name(facts->key.direction)}, {"device", ""}};

    if (has_device(facts))
        return;
    for (size_t i = 0; i < ELEMENTS(wanted); i++)
        if (!label_value_holds(&wanted[i], rows, counter->row))
            return;
    if (label_value_holds(&(struct label_value){"netns", "self"}, rows, counter->row))
        facts->elsewhere |= FACT_OURS;
    else if (label_value_holds(&(struct label_value){"netns", ""}, rows, counter->row))
        facts->elsewhere |= FACT_NOBODYS;
    else
        facts->elsewhere |= FACT_OTHERS;
}

/* The same for rows that have not moved since the trends know them. The ledger begins before the trends, so
 * it has earlier losses; this finds them. */
static void take_still_causes(struct facts *facts, const struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->table_count; i++) {
        const struct table *table = &snapshot->tables[i];
        int column = table_find_role(table, ROLE_DROP_CAUSES);
        uint64_t count;

        for (size_t row = 0; column >= 0 && row < table->rows->count; row++)
            if (table_get(table, row, (size_t)column, &count) && count > 0)
                take_cause(facts, &(struct trend_counter){.rows = table->rows, .row = row});
    }
}

static void find_still_causes(struct facts *facts, const struct snapshots *snapshots)
{
    for (size_t slot = 0; slot < snapshots->count && !has_device(facts) && !facts->elsewhere; slot++)
        if (snapshots->items[slot])
            take_still_causes(facts, snapshots->items[slot]);
}

/* Rejects quickly most counters of thousands of interfaces. */
static bool is_near(const struct search *search, const struct trend_counter *counter)
{
    char device[LEDGER_DEVICE_SIZE];

    if (row_set_label(counter->rows, counter->row, "device", device, sizeof(device)) < 0)
        return true;
    for (size_t i = 0; i < search->count; i++)
        if (search->facts[i].device_count > 1 || strcmp(device, search->facts[i].device) == 0)
            return true;
    return false;
}

static bool on_wants_details(void *data, const struct trend_counter *counter)
{
    return counter->column->ledger && is_near(data, counter);
}

static bool on_wants_causes(void *data, const struct trend_counter *counter)
{
    (void)data;
    return counter->column->role == ROLE_DROP_CAUSES;
}

static void on_take_cause(void *data, const struct trend_counter *counter)
{
    struct search *search = data;

    for (size_t i = 0; i < search->count; i++)
        take_cause(&search->facts[i], counter);
}

static bool on_wants(void *data, const struct trend_counter *counter)
{
    static const enum role roles[] = {ROLE_DROP_SITES, ROLE_WORKLOAD_DROPS};

    struct search *search = data;
    bool traffic = counter->meaning && counter->meaning->purpose == PURPOSE_TRAFFIC;

    search->traffic |= traffic;
    for (size_t i = 0; i < ELEMENTS(roles); i++)
        if (counter->column->role == roles[i])
            return true;
    return (counter->column->ledger || traffic) && is_near(search, counter);
}

static void on_take(void *data, const struct trend_counter *counter)
{
    struct search *search = data;
    const struct ledger_rule *rules = counter->column->ledger, *rule = NULL;

    if (counter->column->role == ROLE_WORKLOAD_DROPS) {
        owners_add(&search->owners, counter);
        return;
    }
    if (counter->column->role == ROLE_DROP_SITES) {
        take_site_everywhere(search, counter);
        return;
    }
    if (rules)
        rule = ledger_rule_of_row(rules, counter->rows, counter->row);
    for (size_t i = 0; i < search->count; i++)
        if (rule)
            take_counter(&search->facts[i], counter, rule, search->details);
        else if (!rules)
            facts_traffic_take(&search->facts[i], counter);
}

void facts_find(struct facts *facts, size_t count, const struct snapshots *snapshots, struct trend *trend)
{
    struct search search = {.facts = facts, .count = count};
    const struct trend_question question = {.points = TREND_POINTS};
    struct trend_visitor visitor = {.wants = on_wants_causes, .take = on_take_cause, .data = &search};

    if (!count)
        return;
    trend_visit(trend, &question, &visitor);
    for (size_t i = 0; i < count; i++)
        find_still_causes(&facts[i], snapshots);
    visitor = (struct trend_visitor){.wants = on_wants, .take = on_take, .data = &search};
    trend_visit(trend, &question, &visitor);
    for (size_t i = 0; i < count && !search.details; i++)
        search.details = facts[i].own != NULL;
    if (search.details) {
        visitor.wants = on_wants_details;
        trend_visit(trend, &question, &visitor);
    }
    if (search.traffic)
        facts_traffic_still(facts, count, snapshots);
    owners_assign(&search.owners, facts, count);
    facts_limits(facts, count, snapshots);
    for (size_t i = 0; i < count; i++)
        facts[i].recorded = loss_packets_recorded(snapshots, facts[i].key.cause);
}
