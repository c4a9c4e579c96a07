/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The lists of texts that snmp_help() searches, one list per file. For snmp_help.c alone. Constant data. */

#include <stddef.h>

struct snmp_help_text {
    const char *protocol; /* without the 6 of IPv6 */
    const char *field;
    const char *text;
};

struct snmp_help_list {
    const struct snmp_help_text *texts;
    size_t count;
};

extern const struct snmp_help_list snmp_help_ip, snmp_help_icmp, snmp_help_tcp, snmp_help_tcp_more,
    snmp_help_mptcp;
