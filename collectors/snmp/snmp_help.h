/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What a protocol counter counts and what usually makes it grow, in our own words, for those that operators
 * meet most. The kernel's own name stands beside it in the HELP text. Pure.
 */

#include "collectors/snmp/snmp_name.h"

/* One sentence, no full stop; never NULL: a field without a text of its own gets a plain one. */
const char *snmp_help(const struct snmp_field *field, const struct snmp_name *name);
