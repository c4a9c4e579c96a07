/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* /proc/net/sockstat and sockstat6, bytes to numbers (the kernel's net/ipv4/proc.c, sockstat_seq_show(), and
 * net/ipv6/proc.c): "TCP: inuse 9 orphan 5 tw 717 alloc 43 mem 0", a line for each protocol. Pure. */

#include <stdbool.h>
#include <stdint.h>

#include "collectors/protocols/snmp_parse.h"

struct sockstat_number {
    struct snmp_text protocol; /* "TCP" */
    struct snmp_text name;     /* "inuse" */
    uint64_t value;            /* two's complement: memory may be below 0 for a moment */
};

/* Begins with `at` and `end` alone. */
struct sockstat_cursor {
    const char *at;
    const char *end;
    struct snmp_text protocol; /* of the line going on */
    struct snmp_text rest;     /* what is left of it */
    uint64_t malformed;        /* lines that were none, from where they were not */
};

/* Reads the next number of the file. Returns false at its end. */
bool sockstat_next(struct sockstat_cursor *cursor, struct sockstat_number *ret_number);
