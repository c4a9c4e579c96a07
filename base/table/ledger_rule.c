/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/table/ledger_rule.h"

/* Finds the ledger rule that fits a row. Pure; any thread. */

const struct ledger_rule *ledger_rule_of_row(const struct ledger_rule *rules, const struct row_set *rows,
                                             size_t row)
{
    for (const struct ledger_rule *rule = rules; rule->mode; rule++)
        if (label_value_holds(&rule->when, rows, row))
            return rule;
    return NULL;
}

const char *ledger_mode_name(enum ledger_mode mode)
{
    static const char *const names[LEDGER_MODE_COUNT] = {
        [LEDGER_NONE] = "",         [LEDGER_REST] = "rest", [LEDGER_ROW] = "row",
        [LEDGER_DETAIL] = "detail", [LEDGER_TOLD] = "told", [LEDGER_SYMPTOM] = "symptom",
    };

    return names[mode];
}
