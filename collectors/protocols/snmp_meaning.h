/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Which protocol counters show a loss, and what that means. A counter that is not listed is shown on the
 * metrics page only. Constant data and its lookup.
 */

#include "base/table/meaning.h"
#include "collectors/protocols/snmp_name.h"

/* Whose counters they are. */
enum snmp_place {
    SNMP_HERE,  /* of the namespace that the daemon runs in; a row is there from the start */
    SNMP_OTHER, /* of other namespaces: rows have labels that say whose, and come with what they count */
    SNMP_PLACE_COUNT
};

/* Follows the subject of a counter of another namespace, and says whose it is. */
#define SNMP_OTHER_SUBJECT " {unit} {pod_uid}{container_id}"

/* Returns the meaning of a counter, or NULL if it shows no loss, or one that something else shows better. */
const struct meaning *snmp_meaning(const struct snmp_field *field, const struct snmp_name *name,
                                   enum snmp_place place);
