/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints how each counter of loss stands to the drop sites, for the table of docs/runbook/ledger.md. Here,
 * because it needs the columns of all collectors. No test itself.
 */

#include "tests/unit/known_metrics.h"

/* True for the first column with these rules: what shares rules shares lines. */
static bool is_first(size_t number)
{
    const struct ledger_rule *rules = known_at(number)->ledger;

    for (size_t i = 0; i < number; i++)
        if (known_at(i)->ledger == rules)
            return false;
    return true;
}

static bool same_edges(const struct ledger_edge *one, const struct ledger_edge *other)
{
    for (; one->cause && other->cause; one++, other++)
        if (strcmp(one->cause, other->cause) != 0 || one->join != other->join)
            return false;
    return !one->cause && !other->cause;
}

/* True where they differ in their conditions alone. */
static bool same_rule(const struct ledger_rule *one, const struct ledger_rule *other)
{
    return one->mode == other->mode && one->stage == other->stage && one->direction == other->direction &&
           one->loss_class == other->loss_class && strcmp(one->source, other->source) == 0 &&
           same_edges(one->by, other->by);
}

static void print_names(size_t number)
{
    const struct ledger_rule *rules = known_at(number)->ledger;
    const struct column *column;
    const char *comma = "";

    for (size_t i = number; (column = known_at(i)); i++) {
        if (column->ledger != rules)
            continue;
        printf("%s`%s`", comma, column->name);
        comma = ", ";
    }
}

static void print_mode(const struct ledger_rule *rule)
{
    const char *direction = direction_name(rule->direction);

    printf("%s", ledger_mode_name(rule->mode));
    if (rule->mode == LEDGER_ROW)
        printf(" `%s`, class %s", rule->cause, loss_class_name(rule->loss_class));
    if (rule->stage != STAGE_NONE)
        printf(", %s%s%s", stage_name(rule->stage), *direction ? " " : "", direction);
    if (rule->unless)
        printf("; detail where there is `%s`", rule->unless);
    if (rule->same)
        printf("; or where it is the same number as `%s`", rule->same);
}

static void print_edges(const struct ledger_rule *rule)
{
    static const char *const where[] = {
        [JOIN_DEVICE] = "of the device",   [JOIN_PEER] = "at the other end",
        [JOIN_NETNS] = "of the namespace", [JOIN_IP_VERSION] = "of the IP version",
        [JOIN_HOST] = "of the whole host",
    };
    const struct ledger_edge *edge = rule->by;

    for (; edge->cause; edge++) {
        bool same = edge[1].cause && edge[1].join == edge->join;

        printf("`%s`%s%s%s", edge->cause, same ? "" : " ", same ? "" : where[edge->join],
               edge[1].cause ? ", " : "");
    }
}

/* Prints one line for the rule and those behind it that say the same; returns the last of them. */
static const struct ledger_rule *print_line(size_t number, const struct ledger_rule *rule)
{
    printf("| ");
    print_names(number);
    if (rule->when.label)
        printf(", %s \"%s\"", rule->when.label, rule->when.value);
    for (; rule[1].mode && rule[1].when.label && same_rule(rule, rule + 1); rule++)
        printf(", \"%s\"", rule[1].when.value);
    printf(" | ");
    print_mode(rule);
    printf(" | ");
    print_edges(rule);
    printf(" | %s |\n", rule->source);
    return rule;
}

int main(void)
{
    const struct column *column;

    known_open();
    printf("| counter | to the ledger | the same packets by cause | in the kernel |\n|---|---|---|---|\n");
    for (size_t i = 0; (column = known_at(i)); i++)
        if (column->ledger && is_first(i))
            for (const struct ledger_rule *rule = column->ledger; rule->mode; rule++)
                rule = print_line(i, rule);
    known_close();
    return EXIT_SUCCESS;
}
