/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What a protocol counter counts, and what usually raises it, in our words. The kernel's own name stands
 * beside it in the HELP text. Pure.
 */

#include "collectors/protocols/snmp_name.h"

/* The text of a field of a kernel newer than this list. */
#define SNMP_HELP_UNKNOWN                                                                                    \
    "Not described by this version: the kernel's documentation says what the field counts"

/* Returns one sentence without a full stop. Never NULL: an unknown field gets SNMP_HELP_UNKNOWN. */
const char *snmp_help(const struct snmp_field *field, const struct snmp_name *name);
