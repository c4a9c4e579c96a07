/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What node_exporter's netstat calls the counters of protocols: those that it shows by default. Constant
 * data, and its lookup. */

#include "collectors/node_names.h"
#include "collectors/protocols/snmp_parse.h"

extern const struct node_names *const snmp_node[];

/* Returns the index of the metric for this field, or -1 if there is none. */
int snmp_node_find(const struct snmp_field *field);
