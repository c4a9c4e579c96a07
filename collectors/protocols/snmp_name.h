/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What a protocol counter is called on the page: from the kernel's own names, by rule, so that the fields of
 * a newer kernel appear by themselves. Pure.
 */

#include <stdbool.h>

#include "collectors/protocols/snmp_parse.h"

enum snmp_shape {
    SNMP_PLAIN,     /* no labels: tcp, tcpext, ipext, mptcpext, ... */
    SNMP_VERSIONED, /* {ip_version}: ip, udp, udplite, icmp; both versions share a family */
    SNMP_ICMP_TYPE, /* {type, ip_version}: netdrop_icmp_{in,out}_type_total */
    SNMP_SHAPE_COUNT
};

/* Room for any name: at worst each byte of the field is a word. */
enum { SNMP_NAME_MAX = sizeof("netdrop__total") + SNMP_PROTOCOL_MAX + 2 * SNMP_FIELD_MAX };

struct snmp_name {
    char text[SNMP_NAME_MAX]; /* the family's name, `_total` included */
    size_t stem_size;         /* of the text without `_total`: what must be unique (OpenMetrics' name) */
    enum snmp_shape shape;
    unsigned version;   /* 4 or 6 where the shape has the label */
    unsigned icmp_type; /* where the shape has the label */
    bool gauge;
    bool is_signed; /* may be negative */
};

/* Makes the name of a field that snmp_fields_next() gave: neither of its texts is empty. */
void snmp_name_make(const struct snmp_field *field, struct snmp_name *ret_name);

/* Returns the field's protocol, without the 6 if both versions have it: "Udp" for Udp6. */
struct snmp_text snmp_name_protocol(const struct snmp_field *field, const struct snmp_name *name);
