/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Which protocol counters tell of loss, and what it means. A counter that is not here is on the metrics page
 * alone. Pure data and its lookup.
 */

#include "base/table/meaning.h"
#include "collectors/snmp/snmp_name.h"

/* NULL: it tells of no loss, or not of one that nothing else tells better. */
const struct meaning *snmp_meaning(const struct snmp_field *field, const struct snmp_name *name);
