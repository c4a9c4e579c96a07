/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/netns/namespace_parse.h"

/* Parses the counters of a network namespace from /proc/PID/net. The collector's thread. */

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/character.h"
#include "base/decimal.h"

#define NO_COUNTER UINT8_MAX
static_assert(NAMESPACE_PROTOCOL_COUNTERS < NO_COUNTER, "numbers of counters are bytes");

void namespace_heads_done(struct namespace_heads *heads)
{
    for (size_t i = 0; i < heads->count; i++)
        free(heads->items[i].text);
    *heads = (struct namespace_heads){};
}

void namespace_reading_clear(struct namespace_reading *reading)
{
    *reading = (struct namespace_reading){
        .devices = reading->devices,
        .device_capacity = reading->device_capacity,
    };
}

void namespace_reading_done(struct namespace_reading *reading)
{
    free(reading->devices);
    *reading = (struct namespace_reading){};
}

static uint8_t find_counter(enum namespace_file file, const struct snmp_field *field)
{
    for (uint8_t i = 0; i < NAMESPACE_PROTOCOL_COUNTERS; i++)
        if (namespace_counters[i].file == file && snmp_text_is(field->name, namespace_counters[i].field) &&
            snmp_text_is(field->protocol, namespace_counters[i].protocol))
            return i;
    return NO_COUNTER;
}

/* Returns "TcpExt" of a head, which always has a colon. */
static struct snmp_text protocol_of(struct snmp_text head)
{
    const char *colon = memchr(head.data, ':', head.size);

    return (struct snmp_text){head.data, (size_t)(colon - head.data)};
}

static bool is_wanted(enum namespace_file file, struct snmp_text protocol)
{
    for (size_t i = 0; i < NAMESPACE_PROTOCOL_COUNTERS; i++)
        if (namespace_counters[i].file == file && snmp_text_is(protocol, namespace_counters[i].protocol))
            return true;
    return false;
}

static struct namespace_head *find_head(struct namespace_heads *heads, enum namespace_file file,
                                        struct snmp_text text)
{
    for (size_t i = 0; i < heads->count; i++) {
        struct namespace_head *head = &heads->items[i];

        if (head->file == file && head->size == text.size && memcmp(head->text, text.data, text.size) == 0)
            return head;
    }
    return NULL;
}

/* Returns -EBADMSG if the text names no fields. */
static int head_parse(struct namespace_head *head, struct snmp_text text)
{
    struct snmp_fields fields;
    struct snmp_field field;
    size_t count = 0;

    if (snmp_fields_begin(SNMP_FORMAT_PAIRS, text, &fields) < 0)
        return -EBADMSG;
    head->field_count = 0;
    while (count < NAMESPACE_FIELDS_MAX && snmp_fields_next(&fields, &field)) {
        head->numbers[count] = find_counter(head->file, &field);
        if (head->numbers[count++] != NO_COUNTER)
            head->field_count = count;
    }
    return 0;
}

/* Heads change only with the kernel's modules: if there is no room, the list begins anew. */
static int add_head(struct namespace_heads *heads, enum namespace_file file, struct snmp_text text,
                    struct namespace_head **ret_head)
{
    struct namespace_head *head;
    int error;

    if (heads->count == NAMESPACE_HEADS_MAX)
        namespace_heads_done(heads);
    head = &heads->items[heads->count];
    *head = (struct namespace_head){.file = file, .size = text.size};
    error = head_parse(head, text);
    if (error < 0)
        return error;
    head->text = malloc(text.size);
    if (!head->text)
        return -ENOMEM;
    memcpy(head->text, text.data, text.size);
    heads->count++;
    *ret_head = head;
    return 0;
}

/* Takes all values of a block or none: if a line is wrong in one place, all its values may be shifted. */
static bool take_values(const struct namespace_head *head, struct snmp_text values,
                        struct namespace_reading *reading)
{
    uint64_t found[NAMESPACE_FIELDS_MAX];
    const char *at = values.data;

    /* Only Tcp's MaxConn may be negative, and it is not one of our counters. */
    for (size_t i = 0; i < head->field_count; i++)
        if (!snmp_next_value(&at, values.data + values.size, head->numbers[i] == NO_COUNTER, &found[i]))
            return false;
    for (size_t i = 0; i < head->field_count; i++) {
        if (head->numbers[i] == NO_COUNTER)
            continue;
        reading->values[head->numbers[i]] = found[i];
        reading->present[head->numbers[i]] = true;
    }
    return true;
}

int namespace_parse_pairs(struct namespace_heads *heads, enum namespace_file file, struct snmp_text text,
                          struct namespace_reading *reading)
{
    struct snmp_cursor cursor = {.format = SNMP_FORMAT_PAIRS, .at = text.data, .end = text.data + text.size};
    struct snmp_block block;

    while (snmp_next_block(&cursor, &block)) {
        struct namespace_head *head = find_head(heads, file, block.head);
        int error = 0;

        if (!head && !is_wanted(file, protocol_of(block.head)))
            continue;
        if (!head)
            error = add_head(heads, file, block.head, &head);
        if (error == -ENOMEM)
            return error;
        reading->malformed += error < 0 || !take_values(head, block.values, reading);
    }
    reading->malformed += cursor.malformed;
    return 0;
}

void namespace_parse_lines(struct snmp_text text, struct namespace_reading *reading)
{
    struct snmp_cursor cursor = {.format = SNMP_FORMAT_LINES, .at = text.data, .end = text.data + text.size};
    struct snmp_block block;

    while (snmp_next_block(&cursor, &block)) {
        const char *at = block.values.data;
        struct snmp_field field = {};
        struct snmp_fields fields;
        uint8_t number;

        if (snmp_fields_begin(SNMP_FORMAT_LINES, block.head, &fields) < 0)
            continue;
        (void)snmp_fields_next(&fields, &field); /* cannot fail: a line has one field */
        number = find_counter(NAMESPACE_SNMP6, &field);
        if (number == NO_COUNTER)
            continue;
        reading->present[number] =
            snmp_next_value(&at, at + block.values.size, false, &reading->values[number]);
        reading->malformed += !reading->present[number];
    }
    reading->malformed += cursor.malformed;
}

static void skip_blanks(const char **at, const char *end)
{
    while (*at < end && is_blank(**at))
        ++*at;
}

/* Reads `count` numbers with blanks before them. */
static bool next_numbers(const char **at, const char *end, uint64_t *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        skip_blanks(at, end);
        if (!decimal_uint64(at, end, &numbers[i]))
            return false;
    }
    return true;
}

/* Parses "  eth0: 1 2 ...": bytes, packets, errs, drop, fifo, frame, compressed, multicast; then bytes,
 * packets, errs, drop, fifo, colls, carrier, compressed. */
static bool parse_device(const char *at, const char *end, struct namespace_device *ret_device)
{
    enum { NUMBERS = 16 };
    static const uint8_t columns[NAMESPACE_DEVICE_COUNTERS] = {2, 3, 4, 5, 10, 11, 12, 14};
    const char *colon;
    uint64_t numbers[NUMBERS];

    skip_blanks(&at, end);
    colon = memchr(at, ':', (size_t)(end - at));
    if (!colon || colon == at || colon - at >= IFNAMSIZ)
        return false;
    *ret_device = (struct namespace_device){};
    memcpy(ret_device->name, at, (size_t)(colon - at));
    at = colon + 1;
    if (!next_numbers(&at, end, numbers, NUMBERS))
        return false;
    for (size_t i = 0; i < NAMESPACE_DEVICE_COUNTERS; i++)
        ret_device->values[i] = numbers[columns[i]];
    return true;
}

int namespace_parse_devices(struct snmp_text text, struct namespace_reading *reading)
{
    const char *at = text.data, *end = text.data + text.size;
    struct snmp_text line;

    for (size_t i = 0; snmp_next_line(&at, end, &line); i++) {
        if (i < 2) /* the two header lines */
            continue;
        if (reading->device_count == NAMESPACE_DEVICES_MAX)
            return -ENOSPC;
        if (array_grow(reading->devices, reading->device_count, reading->device_capacity) < 0)
            return -ENOMEM;
        if (parse_device(line.data, line.data + line.size, &reading->devices[reading->device_count]))
            reading->device_count++;
        else
            reading->malformed++;
    }
    return 0;
}

/* Parses a line of netlink (net/netlink/af_netlink.c, netlink_native_seq_show()): sk, Eth (the protocol), Pid
 * (the port), Groups in hexadecimal, Rmem, Wmem, Dump, Locks, Drops, Inode. The kernel's own sockets have
 * port 0. */
static bool parse_socket(const char *at, const char *end, uint64_t *ret_mark)
{
    uint64_t protocol_port[2], rest[6];

    while (at < end && !is_blank(*at))
        at++;
    if (!next_numbers(&at, end, protocol_port, 2) || protocol_port[0] || protocol_port[1])
        return false;
    skip_blanks(&at, end);
    while (at < end && !is_blank(*at))
        at++;
    if (!next_numbers(&at, end, rest, 6))
        return false;
    *ret_mark = rest[5];
    return true;
}

uint64_t namespace_parse_mark(struct snmp_text text)
{
    const char *at = text.data, *end = text.data + text.size;
    struct snmp_text line;
    uint64_t mark = 0;

    while (snmp_next_line(&at, end, &line))
        if (parse_socket(line.data, line.data + line.size, &mark))
            return mark;
    return 0;
}
