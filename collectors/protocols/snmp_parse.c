/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/protocols/snmp_parse.h"

/*
 * Parses the files of protocol counters, as written by snmp_seq_show(), netstat_seq_show() (net/ipv4/proc.c),
 * mptcp_seq_show() (net/mptcp/mib.c) and snmp6_seq_show() (net/ipv6/proc.c). Accepts new protocols and
 * columns. A line in another format is skipped and counted, never guessed at. Pure; any thread.
 */

#include <errno.h>
#include <string.h>

#include "base/character.h"
#include "base/decimal.h"

bool snmp_next_line(const char **at, const char *end, struct snmp_text *ret_line)
{
    const char *newline = memchr(*at, '\n', (size_t)(end - *at));

    if (!newline)
        return false;
    *ret_line = (struct snmp_text){*at, (size_t)(newline - *at)};
    *at = newline + 1;
    return true;
}

static bool next_line(struct snmp_cursor *cursor, struct snmp_text *ret_line)
{
    if (snmp_next_line(&cursor->at, cursor->end, ret_line))
        return true;
    cursor->malformed += cursor->at < cursor->end;
    cursor->at = cursor->end;
    return false;
}

/* Returns the size of "Proto:" at the beginning of a line, including the colon, or 0 if there is none. */
static size_t prefix_size(struct snmp_text line)
{
    const char *colon = memchr(line.data, ':', line.size);

    return colon ? (size_t)(colon + 1 - line.data) : 0;
}

static bool names_fields(struct snmp_text line)
{
    struct snmp_fields fields;
    struct snmp_field field;

    return snmp_fields_begin(SNMP_FORMAT_PAIRS, line, &fields) == 0 && snmp_fields_next(&fields, &field);
}

/* If the second line has another protocol, only the first line is skipped: the second may be the first line
 * of the next pair. */
static bool next_pair(struct snmp_cursor *cursor, struct snmp_block *ret_block)
{
    struct snmp_text names, values;

    while (next_line(cursor, &names)) {
        size_t prefix = prefix_size(names);
        const char *second = cursor->at;

        if (prefix && (size_t)(cursor->end - second) >= prefix && !memcmp(names.data, second, prefix)) {
            if (!next_line(cursor, &values))
                return false;
            ret_block->head = names;
            ret_block->values = (struct snmp_text){values.data + prefix, values.size - prefix};
            return true;
        }
        cursor->malformed++;
        cursor->unfilled += names_fields(names);
    }
    return false;
}

static bool next_single(struct snmp_cursor *cursor, struct snmp_block *ret_block)
{
    struct snmp_text line;
    size_t size = 0;

    if (!next_line(cursor, &line))
        return false;
    while (size < line.size && !is_blank(line.data[size]))
        size++;
    ret_block->head = (struct snmp_text){line.data, size};
    ret_block->values = (struct snmp_text){line.data + size, line.size - size};
    return true;
}

bool snmp_next_block(struct snmp_cursor *cursor, struct snmp_block *ret_block)
{
    return cursor->format == SNMP_FORMAT_PAIRS ? next_pair(cursor, ret_block)
                                               : next_single(cursor, ret_block);
}

static bool is_protocol(struct snmp_text name)
{
    if (!name.size || name.size > SNMP_PROTOCOL_MAX || !is_letter(name.data[0]))
        return false;
    for (size_t i = 0; i < name.size; i++)
        if (!is_letter(name.data[i]) && !is_digit(name.data[i]))
            return false;
    return true;
}

static bool is_field(struct snmp_text name)
{
    if (name.size > SNMP_FIELD_MAX || !is_letter(name.data[0]))
        return false;
    for (size_t i = 0; i < name.size; i++)
        if (!is_visible(name.data[i]))
            return false;
    return true;
}

/* Returns the size of the protocol in an snmp6 name, ^[A-Z][A-Za-z]*?6 before a capital, or 0 if it is not
 * such a name. The first 6 ends it. */
static size_t protocol6_size(struct snmp_text name)
{
    size_t size = 0;

    if (!name.size || !is_upper(name.data[0]))
        return 0;
    while (size < name.size && is_letter(name.data[size]))
        size++;
    if (size + 1 >= name.size || name.data[size] != '6' || !is_upper(name.data[size + 1]))
        return 0;
    return size + 1;
}

static bool all_are_fields(struct snmp_fields fields)
{
    struct snmp_field field;

    while (snmp_fields_next(&fields, &field))
        if (!is_field(field.name))
            return false;
    return true;
}

int snmp_fields_begin(enum snmp_format format, struct snmp_text head, struct snmp_fields *ret_fields)
{
    struct snmp_fields fields = {.end = head.data + head.size};

    if (format == SNMP_FORMAT_PAIRS) {
        size_t prefix = prefix_size(head);

        if (!prefix)
            return -EBADMSG;
        fields.protocol = (struct snmp_text){head.data, prefix - 1};
        fields.at = head.data + prefix;
    } else {
        fields.protocol = (struct snmp_text){head.data, protocol6_size(head)};
        fields.at = head.data + fields.protocol.size;
    }
    if (!is_protocol(fields.protocol) || !all_are_fields(fields))
        return -EBADMSG;
    *ret_fields = fields;
    return 0;
}

bool snmp_fields_next(struct snmp_fields *fields, struct snmp_field *ret_field)
{
    const char *at = fields->at;
    const char *name;

    while (at < fields->end && is_blank(*at))
        at++;
    name = at;
    while (at < fields->end && !is_blank(*at))
        at++;
    fields->at = at;
    if (at == name)
        return false;
    ret_field->protocol = fields->protocol;
    ret_field->name = (struct snmp_text){name, (size_t)(at - name)};
    return true;
}

bool snmp_next_value(const char **at, const char *end, bool is_signed, uint64_t *ret_value)
{
    const char *digits = *at;
    uint64_t value;
    bool negative;

    while (digits < end && is_blank(*digits))
        digits++;
    if (digits == *at)
        return false;
    negative = is_signed && digits < end && *digits == '-';
    digits += negative;
    if (!decimal_uint64(&digits, end, &value))
        return false;
    if (is_signed && value > (uint64_t)INT64_MAX + negative)
        return false;
    *ret_value = negative ? -value : value;
    *at = digits;
    return true;
}
