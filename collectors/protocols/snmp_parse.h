/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Reads the three files of protocol counters. Pure.
 *
 * A file is a row of blocks: in snmp and netstat a line of names and a line of values ("Ip: Forwarding ..."
 * above "Ip: 1 ..."), in snmp6 a single line ("Ip6InReceives   \t1"). The head of a block, the bytes that
 * name its numbers, changes only when the kernel shows other fields: whoever has seen the same head before
 * knows what the values are.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum snmp_format {
    SNMP_FORMAT_PAIRS, /* snmp, netstat */
    SNMP_FORMAT_LINES, /* snmp6 */
};

enum {
    SNMP_PROTOCOL_MAX = 32, /* bytes of the longest name taken for one; the kernel's longest have 9 and 26 */
    SNMP_FIELD_MAX = 96,
};

struct snmp_text {
    const char *data; /* never NULL */
    size_t size;
};

static inline bool snmp_text_is(struct snmp_text text, const char *expected)
{
    return text.size == strlen(expected) && !memcmp(text.data, expected, text.size);
}

/* Returns true if the text is the two, joined: "Tcp_InSegs". */
static inline bool snmp_text_joins(const char *text, struct snmp_text protocol, struct snmp_text name)
{
    return strlen(text) == protocol.size + 1 + name.size && !memcmp(text, protocol.data, protocol.size) &&
           text[protocol.size] == '_' && !memcmp(text + protocol.size + 1, name.data, name.size);
}

struct snmp_block {
    struct snmp_text head;
    struct snmp_text values; /* each with blanks before it */
};

struct snmp_cursor {
    enum snmp_format format;
    const char *at;
    const char *end;
    uint64_t malformed; /* lines passed over: no block, or cut short */
    uint64_t unfilled;  /* of those, names without numbers: what stands in for a kernel may show no more */
};

/* Reads the next block of the file. Returns false at its end. The cursor begins at the first byte. */
bool snmp_next_block(struct snmp_cursor *cursor, struct snmp_block *ret_block);

/* What the kernel calls a number: "TcpExt" and "ListenDrops", "Udp6" and "NoPorts". */
struct snmp_field {
    struct snmp_text protocol; /* [A-Za-z][A-Za-z0-9]* */
    struct snmp_text name;     /* a letter, then printable ASCII */
};

/* The fields that a head names, one after another. */
struct snmp_fields {
    struct snmp_text protocol;
    const char *at;
    const char *end;
};

/* Returns 0, or -EBADMSG if a name in the head is none or is too long: the whole block then means nothing. */
int snmp_fields_begin(enum snmp_format format, struct snmp_text head, struct snmp_fields *ret_fields);
bool snmp_fields_next(struct snmp_fields *fields, struct snmp_field *ret_field);

/* Reads the line at *at without its newline, and moves *at behind that. Returns false at the end, and if the
 * last line has no newline: it was cut. */
bool snmp_next_line(const char **at, const char *end, struct snmp_text *ret_line);

/* Reads one value and moves *at behind it. Returns false if there is none, it does not fit into 64 bits, or
 * it is negative and not `is_signed`; the two's complement is returned where it is. */
bool snmp_next_value(const char **at, const char *end, bool is_signed, uint64_t *ret_value);
