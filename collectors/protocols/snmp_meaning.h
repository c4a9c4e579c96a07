/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Which protocol counters tell of loss, and what it means. A counter that is not here is on the metrics page
 * alone. Constant data and its lookup.
 */

#include "base/table/meaning.h"
#include "collectors/protocols/snmp_name.h"

/* Whose counters they are. */
enum snmp_place {
    SNMP_HERE,  /* of the namespace that the daemon runs in; a row is there from the start */
    SNMP_OTHER, /* of other namespaces: rows have labels that say whose, and come with what they count */
    SNMP_PLACE_COUNT
};

/* Behind the subject of what is another namespace's: whose it is. */
#define SNMP_OTHER_SUBJECT " {unit} {pod_uid}{container_id}"

/* Returns NULL if it tells of no loss, or if something else tells of that loss better. */
const struct meaning *snmp_meaning(const struct snmp_field *field, const struct snmp_name *name,
                                   enum snmp_place place);
