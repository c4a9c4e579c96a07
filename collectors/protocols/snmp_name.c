/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/protocols/snmp_name.h"

/*
 * Makes the names of protocol counters from the kernel's. The kernel has four styles (RFC 1213 camel case,
 * TCPLoud, MPTCP's and snmp6's). Dashboards and alerts depend on the rules that split them into words:
 * tests/golden/snmp_names.txt holds the result for every field of five kernels. Pure; any thread.
 */

#include <assert.h>
#include <string.h>

#include "base/character.h"
#include "base/cleanup.h"

struct word_cursor {
    const char *at;
    const char *end;
};

/* Returns how many bytes from text[from] on are of the kind. */
static size_t run(struct snmp_text text, size_t from, bool (*is_kind)(char))
{
    size_t size = from;

    while (size < text.size && is_kind(text.data[size]))
        size++;
    return size - from;
}

static bool lower_at(struct snmp_text text, size_t at)
{
    return at < text.size && is_lower(text.data[at]);
}

/* Returns the size of a word that begins with capitals: OKs, MLDv2, TCP, MD5, ECT1. A capital before a small
 * letter belongs to the next word. Returns 0 if there is none. */
static size_t capital_word(struct snmp_text text)
{
    size_t capitals = run(text, 0, is_upper);

    if (capitals >= 2 && lower_at(text, capitals) && text.data[capitals] == 's' &&
        !lower_at(text, capitals + 1))
        return capitals + 1;
    if (capitals && lower_at(text, capitals) && text.data[capitals] == 'v' &&
        run(text, capitals + 1, is_digit))
        return capitals + 1 + run(text, capitals + 1, is_digit);
    if (capitals && lower_at(text, capitals))
        return capitals - 1;
    return capitals ? capitals + run(text, capitals, is_digit) : 0;
}

/* Returns the size of the word at the beginning of the text, which is not empty, or 0 if it does not begin
 * with a letter or a digit. */
static size_t word_size(struct snmp_text text)
{
    static const char hmac[] = "HMac";
    size_t hmac_size = sizeof(hmac) - 1;
    size_t size, capital, letters;

    if (text.size >= hmac_size && !memcmp(text.data, hmac, hmac_size) && !lower_at(text, hmac_size))
        return hmac_size;
    size = capital_word(text);
    if (size)
        return size;
    capital = is_upper(text.data[0]);
    letters = run(text, capital, is_lower);
    if (letters)
        return capital + letters + run(text, capital + letters, is_digit);
    return run(text, 0, is_digit);
}

static void append(struct snmp_name *name, const char *text, size_t size)
{
    assert(name->stem_size + size < sizeof(name->text));
    for (size_t i = 0; i < size; i++)
        name->text[name->stem_size++] = to_lower(text[i]);
    name->text[name->stem_size] = '\0';
}

static void append_word(struct snmp_name *name, const char *text, size_t size)
{
    append(name, "_", 1);
    append(name, text, size);
}

static void append_words(struct snmp_name *name, struct snmp_text text)
{
    while (text.size) {
        size_t size = word_size(text);
        size_t tcp = size > 3 && !memcmp(text.data, "TCP", 3) ? 3 : 0;

        if (tcp)
            append_word(name, text.data, tcp);
        if (size)
            append_word(name, text.data + tcp, size - tcp);
        else
            size = 1; /* a byte that belongs to no word */
        text = (struct snmp_text){text.data + size, text.size - size};
    }
}

/* Returns true for protocols that IPv4 and IPv6 both have. */
static bool is_versioned(struct snmp_text protocol)
{
    return snmp_text_is(protocol, "Ip") || snmp_text_is(protocol, "Udp") ||
           snmp_text_is(protocol, "UdpLite") || snmp_text_is(protocol, "Icmp");
}

/* Parses InType3 or OutType255: returns the family's name and the number, or NULL for other fields. */
static const char *icmp_type_family(struct snmp_text field, unsigned *ret_type)
{
    bool in = field.size > 6 && !memcmp(field.data, "InType", 6);
    bool out = field.size > 7 && !memcmp(field.data, "OutType", 7);
    size_t digits = in ? 6 : 7;
    unsigned type = 0;

    if ((!in && !out) || field.size > digits + 3 || field.size != digits + run(field, digits, is_digit))
        return NULL;
    if (field.data[digits] == '0' && field.size > digits + 1)
        return NULL;
    for (size_t i = digits; i < field.size; i++)
        type = 10 * type + (unsigned)digit_value(field.data[i]);
    if (type > 255)
        return NULL;
    *ret_type = type;
    return in ? "netdrop_icmp_in_type" : "netdrop_icmp_out_type";
}

/* Returns true for the few fields that are not counters. Only MaxConn may be negative (RFC 2012;
 * snmp_seq_show_tcp_udp()). */
static bool is_gauge(struct snmp_text protocol, struct snmp_text field)
{
    static const char *const gauges[][2] = {
        {"Ip", "Forwarding"}, {"Ip", "DefaultTTL"}, {"Tcp", "RtoAlgorithm"}, {"Tcp", "RtoMin"},
        {"Tcp", "RtoMax"},    {"Tcp", "MaxConn"},   {"Tcp", "CurrEstab"},    {"MPTcpExt", "MPCurrEstab"},
    };

    for (size_t i = 0; i < ELEMENTS(gauges); i++)
        if (snmp_text_is(protocol, gauges[i][0]) && snmp_text_is(field, gauges[i][1]))
            return true;
    return false;
}

/* Appends `_total` to a counter's name, unless it ends so already. */
static void end_counter(struct snmp_name *name)
{
    static const char total[] = "_total";
    size_t size = sizeof(total) - 1;

    /* Cannot underflow: every name begins with "netdrop", which is longer. */
    if (!strcmp(name->text + name->stem_size - size, total))
        name->stem_size -= size;
    memcpy(name->text + name->stem_size, total, sizeof(total));
}

void snmp_name_make(const struct snmp_field *field, struct snmp_name *ret_name)
{
    struct snmp_text protocol = field->protocol;
    bool msg = snmp_text_is(protocol, "IcmpMsg");
    const char *family;

    *ret_name = (struct snmp_name){.version = 4};
    if (protocol.data[protocol.size - 1] == '6' &&
        is_versioned((struct snmp_text){protocol.data, protocol.size - 1})) {
        protocol.size--;
        ret_name->version = 6;
    }
    ret_name->shape = is_versioned(protocol) ? SNMP_VERSIONED : SNMP_PLAIN;
    if (msg || (ret_name->version == 6 && snmp_text_is(protocol, "Icmp"))) {
        family = icmp_type_family(field->name, &ret_name->icmp_type);
        if (family) {
            ret_name->shape = SNMP_ICMP_TYPE;
            append(ret_name, family, strlen(family));
            end_counter(ret_name);
            return;
        }
    }
    append(ret_name, "netdrop", 7);
    append_word(ret_name, protocol.data, protocol.size);
    append_words(ret_name, field->name);
    ret_name->gauge = is_gauge(protocol, field->name);
    ret_name->is_signed = ret_name->gauge && snmp_text_is(field->name, "MaxConn");
    if (!ret_name->gauge)
        end_counter(ret_name);
}

struct snmp_text snmp_name_protocol(const struct snmp_field *field, const struct snmp_name *name)
{
    struct snmp_text protocol = field->protocol;

    if (name->shape == SNMP_VERSIONED && name->version == 6)
        protocol.size--;
    return protocol;
}
