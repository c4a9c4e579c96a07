/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of another network namespace, divided by 0xff bytes: snmp, netstat, snmp6, dev, netlink. Whatever
 * they hold: who has seen their heads before reads what one reads who has not, and every value stands in a
 * file.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/netns/namespace_parse.h"
#include "tests/fuzz/fuzz.h"

enum { MARK = NAMESPACE_FILE_COUNT, FILES };

static void check(bool good)
{
    if (!good)
        abort();
}

static void parse(struct namespace_heads *heads, const struct snmp_text files[FILES],
                  struct namespace_reading *reading)
{
    namespace_reading_clear(reading);
    (void)namespace_parse_pairs(heads, NAMESPACE_SNMP, files[NAMESPACE_SNMP], reading);
    (void)namespace_parse_pairs(heads, NAMESPACE_NETSTAT, files[NAMESPACE_NETSTAT], reading);
    namespace_parse_lines(files[NAMESPACE_SNMP6], reading);
    (void)namespace_parse_devices(files[NAMESPACE_DEV], reading);
    reading->mark = namespace_parse_mark(files[MARK]);
}

static bool stands_in(struct snmp_text text, uint64_t value)
{
    char digits[24];
    int size = snprintf(digits, sizeof(digits), "%" PRIu64, value);

    return memmem(text.data, text.size, digits, (size_t)size) != NULL;
}

static void check_reading(const struct namespace_reading *reading, const struct snmp_text files[FILES])
{
    for (size_t i = 0; i < NAMESPACE_PROTOCOL_COUNTERS; i++)
        check(!reading->present[i] || stands_in(files[namespace_counters[i].file], reading->values[i]));
    for (size_t i = 0; i < reading->device_count; i++) {
        const struct namespace_device *device = &reading->devices[i];
        size_t size = strnlen(device->name, sizeof(device->name));

        check(memchr(device->name, '\0', sizeof(device->name)) && !memchr(device->name, ':', size));
        for (size_t k = 0; k < NAMESPACE_DEVICE_COUNTERS; k++)
            check(stands_in(files[NAMESPACE_DEV], device->values[k]));
    }
    check(!reading->mark || stands_in(files[MARK], reading->mark));
}

static void check_same(const struct namespace_reading *a, const struct namespace_reading *b)
{
    check(!memcmp(a->present, b->present, sizeof(a->present)));
    check(!memcmp(a->values, b->values, sizeof(a->values)));
    check(a->mark == b->mark && a->malformed == b->malformed && a->device_count == b->device_count);
    check(!a->device_count || !memcmp(a->devices, b->devices, a->device_count * sizeof(*a->devices)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    struct namespace_reading fresh = {}, known = {};
    struct namespace_heads heads = {};
    struct snmp_text files[FILES];
    const char *at = text;

    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    for (size_t i = 0; i < FILES; i++) {
        const char *end = memchr(at, 0xff, (size_t)(text + size - at));

        end = end ? end : text + size;
        files[i] = (struct snmp_text){at, (size_t)(end - at)};
        at = end < text + size ? end + 1 : end;
    }
    parse(&heads, files, &fresh);
    check_reading(&fresh, files);
    parse(&heads, files, &known);
    check_same(&fresh, &known);
    namespace_heads_done(&heads);
    namespace_reading_done(&fresh);
    namespace_reading_done(&known);
    free(text);
    return 0;
}
