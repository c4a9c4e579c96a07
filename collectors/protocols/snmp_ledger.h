/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * How protocol counters relate to the drop sites, which see most of what they count. Counters are found by
 * the kernel's names. Constant data and its lookup.
 */

#include "base/table/ledger_rule.h"
#include "collectors/protocols/snmp_meaning.h"

/* Returns the rules of a counter, or NULL if it shows no loss. */
const struct ledger_rule *snmp_ledger(const struct snmp_field *field, const struct snmp_name *name,
                                      enum snmp_place place);
