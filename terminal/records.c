/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "terminal/records.h"

/*
 * Parses the daemon's answer to /records. Main thread. cJSON accepts any JSON; this file checks each value.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/array.h"
#include "base/buffer.h"
#include "base/character.h"
#include "base/clock.h"
#include "base/decimal.h"
#include "base/harmless.h"

enum { STACK_LINES_MAX = 64, TIME_DIGITS = 9, CONTAINER_SHOWN = 12 };
#define NUMBER_MAX 9007199254740992.0 /* a double holds every integer up to this */

DEFINE_CLEANUP(cJSON *, cJSON_Delete)

static void take_text(const cJSON *object, const char *key, char *to, size_t size)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));

    harmless_copy(to, size, text ? text : "");
}

#define TAKE_TEXT(object, key, array) take_text(object, key, array, sizeof(array))

/* Returns 0 if it is not a number that a double holds exactly. */
static uint64_t number_of(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

    if (!cJSON_IsNumber(item) || !(item->valuedouble > 0) || item->valuedouble > NUMBER_MAX)
        return 0;
    return (uint64_t)item->valuedouble;
}

/* Parses "1764438000.118204000" to nanoseconds. It is a string because cJSON would read a number as a double,
 * which has a resolution of 238 ns. */
static uint64_t time_of(const cJSON *object, const char *key)
{
    const char *at = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key)), *end;
    uint64_t seconds, rest = 0, time_ns;

    if (!at)
        return 0;
    end = at + strlen(at);
    if (!decimal_uint64(&at, end, &seconds))
        return 0;
    if (at < end && (*at++ != '.' || end - at != TIME_DIGITS || !decimal_uint64(&at, end, &rest)))
        return 0;
    if (at < end || __builtin_mul_overflow(seconds, NS_PER_SECOND, &time_ns) ||
        __builtin_add_overflow(time_ns, rest, &time_ns))
        return 0;
    return time_ns;
}

/* Parses "0x0800". */
static unsigned protocol_of(const cJSON *object)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "protocol"));
    unsigned value = 0;

    if (!text || strncmp(text, "0x", 2) != 0)
        return 0;
    for (text += 2; hex_value(*text) >= 0; text++)
        value = (value << 4 | (unsigned)hex_value(*text)) & 0xffff;
    return value;
}

/* Parses pairs of hexadecimal digits, up to the first byte that is none. */
static void take_data(const cJSON *object, struct record *record)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "data"));

    while (text && record->size < sizeof(record->data) && hex_value(text[0]) >= 0 &&
           hex_value(text[1]) >= 0) {
        record->data[record->size++] = (uint8_t)(hex_value(text[0]) << 4 | hex_value(text[1]));
        text += 2;
    }
}

static int take_stack(const cJSON *object, struct record *record)
{
    const cJSON *lines = cJSON_GetObjectItemCaseSensitive(object, "stack"), *line;
    struct buffer text = {};
    size_t count = 0;

    cJSON_ArrayForEach(line, lines)
    {
        char name[RECORD_NAME_SIZE];

        if (!cJSON_IsString(line) || count++ == STACK_LINES_MAX)
            break;
        harmless_copy(name, sizeof(name), line->valuestring);
        buffer_printf(&text, "%s%s", text.size ? "\n" : "", name);
    }
    if (text.size)
        buffer_append(&text, "", 1);
    if (text.error) {
        buffer_done(&text);
        return -ENOMEM;
    }
    record->stack = text.data;
    return 0;
}

static void parse_site(const cJSON *object, struct record_site *site)
{
    *site = (struct record_site){.id = number_of(object, "site"), .packets = number_of(object, "packets")};
    TAKE_TEXT(object, "function", site->function);
    TAKE_TEXT(object, "offset", site->offset);
    TAKE_TEXT(object, "reason", site->reason);
    TAKE_TEXT(object, "cause", site->cause);
    TAKE_TEXT(object, "class", site->drop_class);
    TAKE_TEXT(object, "device", site->device);
    TAKE_TEXT(object, "netns", site->netns);
}

static int parse_record(const cJSON *object, struct record *record)
{
    *record = (struct record){
        .sequence = number_of(object, "sequence"),
        .site = number_of(object, "site"),
        .time_ns = time_of(object, "time"),
        .link_type = (unsigned)number_of(object, "link_type"),
        .protocol = protocol_of(object),
        .length = (size_t)number_of(object, "length"),
    };
    TAKE_TEXT(object, "device", record->device);
    TAKE_TEXT(object, "netns", record->netns);
    TAKE_TEXT(object, "unit", record->unit);
    TAKE_TEXT(object, "container_id", record->container_id);
    TAKE_TEXT(object, "pod_uid", record->pod_uid);
    take_data(object, record);
    if (record->length < record->size)
        record->length = record->size;
    return take_stack(object, record);
}

static int take_sites(const cJSON *array, struct records *records)
{
    const cJSON *object;

    cJSON_ArrayForEach(object, array)
    {
        if (!cJSON_IsObject(object))
            return -EPROTO;
        if (array_grow(records->sites, records->site_count, records->site_capacity) < 0)
            return -ENOMEM;
        parse_site(object, &records->sites[records->site_count++]);
    }
    return cJSON_IsArray(array) ? 0 : -EPROTO;
}

/* The record counts only once it is complete; the caller frees it with the others. */
static int take_record(const cJSON *object, struct records *records)
{
    struct record *record;

    if (!cJSON_IsObject(object))
        return -EPROTO;
    if (array_grow(records->items, records->count, records->capacity) < 0)
        return -ENOMEM;
    record = &records->items[records->count];
    if (parse_record(object, record) < 0)
        return -ENOMEM;
    if (record->link_type == PACKET_ETHERNET || record->link_type == PACKET_RAW)
        records->count++;
    else
        free(record->stack);
    return 0;
}

static int take_records(const cJSON *array, struct records *records)
{
    const cJSON *object;
    int error = cJSON_IsArray(array) ? 0 : -EPROTO;

    cJSON_ArrayForEach(object, array)
    {
        if (!error)
            error = take_record(object, records);
    }
    return error;
}

static int compare_sites(const void *left, const void *right)
{
    const struct record_site *a = left, *b = right;

    return (a->id > b->id) - (a->id < b->id);
}

static int compare_records(const void *left, const void *right)
{
    const struct record *a = left, *b = right;

    return (a->sequence > b->sequence) - (a->sequence < b->sequence);
}

static int take_document(const cJSON *root, struct records *records)
{
    int error = cJSON_IsObject(root) ? 0 : -EPROTO;

    if (!error)
        error = take_sites(cJSON_GetObjectItemCaseSensitive(root, "sites"), records);
    if (!error)
        error = take_records(cJSON_GetObjectItemCaseSensitive(root, "records"), records);
    if (error < 0)
        return error;
    records->now_ns = time_of(root, "now");
    records->sequence = number_of(root, "sequence");
    TAKE_TEXT(root, "source", records->source);
    TAKE_TEXT(root, "host", records->host);
    if (records->site_count)
        qsort(records->sites, records->site_count, sizeof(*records->sites), compare_sites);
    if (records->count)
        qsort(records->items, records->count, sizeof(*records->items), compare_records);
    return 0;
}

int records_parse(const char *text, size_t size, struct records **ret_records, struct fault *fault)
{
    _cleanup_(cJSON_Deletep) cJSON *root = cJSON_ParseWithLength(text, size);
    _cleanup_(records_freep) struct records *records = calloc(1, sizeof(*records));
    int error = records ? 0 : -ENOMEM;

    if (!error)
        error = take_document(root, records);
    if (error == -EPROTO)
        return fault_set(fault, error, "the service's answer is no list of recorded packets");
    if (error < 0)
        return fault_set(fault, error, "out of memory");
    *ret_records = take_ptr(records);
    return 0;
}

struct records *records_free(struct records *records)
{
    if (!records)
        return NULL;
    for (size_t i = 0; i < records->count; i++)
        free(records->items[i].stack);
    free(records->items);
    free(records->sites);
    free(records);
    return NULL;
}

const struct record_site *records_site(const struct records *records, uint64_t id)
{
    size_t at = array_position(records->sites, records->site_count, .id, id);

    return at < records->site_count && records->sites[at].id == id ? &records->sites[at] : NULL;
}

struct packet record_packet(const struct record *record)
{
    return (struct packet){.data = record->data,
                           .size = record->size,
                           .length = record->length,
                           .link_type = record->link_type,
                           .protocol = record->protocol};
}

void record_workload(const struct record *record, char text[RECORD_UNIT_SIZE])
{
    if (*record->unit)
        (void)snprintf(text, RECORD_UNIT_SIZE, "%s", record->unit);
    else if (*record->container_id)
        (void)snprintf(text, RECORD_UNIT_SIZE, "%.*s", CONTAINER_SHOWN, record->container_id);
    else
        (void)snprintf(text, RECORD_UNIT_SIZE, "%s", *record->pod_uid ? record->pod_uid : "-");
}
