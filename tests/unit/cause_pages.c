/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints each cause of the ledger, its class, and the page of the runbook that it leads to, for
 * tests/integration/test_runbook.py. Here, because it needs the columns of all collectors. No test itself.
 */

#include "collectors/ethtool/nic_loss.h"
#include "collectors/meaning/drop_cause.h"
#include "collectors/protocols/snmp_ledger.h"
#include "collectors/protocols/snmp_meaning.h"
#include "tests/unit/known_metrics.h"

static void print_cause(const char *cause, enum loss_class loss_class, const struct remedy *remedy)
{
    printf("%s %s %s\n", cause, loss_class_name(loss_class), remedy ? remedy->page : "none");
}

/* Prints the causes of drop sites. For an unknown cause, the counters that move with it say what to do. */
static void print_drop_causes(void)
{
    for (enum drop_cause cause = CAUSE_UNKNOWN + 1; cause < CAUSE_COUNT; cause++) {
        const struct cause_meaning *meaning = &cause_meanings[cause];

        print_cause(meaning->name, meaning->loss_class, &remedies[meaning->remedy]);
    }
}

/* Prints the cause if what the rule selects has rows of its own in the ledger. */
static void print_counter(const struct ledger_rule *rules, const struct meaning *meanings,
                          const struct row_set *rows, size_t row)
{
    const struct ledger_rule *rule = rules ? ledger_rule_of_row(rules, rows, row) : NULL;
    const struct meaning *meaning = meanings ? meaning_of_row(meanings, rows, row) : NULL;
    char cause[64];

    if (!rule || rule->mode != LEDGER_ROW)
        return;
    meaning_text(rule->cause, rows, row, cause, sizeof(cause));
    print_cause(cause, rule->loss_class, meaning ? meaning->remedy : NULL);
}

/* Prints the causes that the protocols' counters have in some kernel. */
static void print_protocols(const struct row_set *rows)
{
    _cleanup_(freep) char *names = known_file("../golden/snmp_names.txt");
    char *rest = names, *line, protocol[64], text[64];

    while ((line = strsep(&rest, "\n"))) {
        struct snmp_field field = {{protocol, 0}, {text, 0}};
        struct snmp_name name;

        if (sscanf(line, "%63s %63s", protocol, text) != 2)
            continue;
        field.protocol.size = strlen(protocol);
        field.name.size = strlen(text);
        snmp_name_make(&field, &name);
        print_counter(snmp_ledger(&field, &name, SNMP_HERE), snmp_meaning(&field, &name, SNMP_HERE), rows, 0);
    }
}

/* Prints the causes of all other counters. */
static void print_columns(const struct row_set *rows)
{
    const struct column *column;

    for (size_t i = 0; (column = known_at(i)); i++)
        for (size_t row = 0; row < rows->count; row++)
            print_counter(column->ledger, column->meaning, rows, row);
}

/* Makes a row of each cause and direction that a NIC's loss has. */
static struct row_set *nic_rows_new(void)
{
    static const char *const labels[] = {"cause", "direction"};
    struct row_set *rows;

    assert_int_equal(row_set_new(labels, ELEMENTS(labels), &rows), 0);
    for (enum nic_cause cause = 0; cause < NIC_LOST_COUNT; cause++)
        for (enum nic_direction direction = 0; direction < NIC_DIRECTION_COUNT; direction++) {
            const char *const values[] = {nic_cause_name(cause), nic_direction_name(direction)};

            assert_return_code(row_set_add(rows, values), 0);
        }
    row_set_seal(rows);
    return rows;
}

int main(void)
{
    struct row_set *rows = nic_rows_new();

    known_open();
    print_drop_causes();
    print_protocols(rows);
    print_columns(rows);
    known_close();
    row_set_unref(rows);
    return EXIT_SUCCESS;
}
