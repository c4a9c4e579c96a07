/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/net/sockstat from arbitrary bytes: what is taken for a number stands in the text, behind its name and
 * its protocol, and each line counts as one that is none once at most. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/sockets/sockstat_parse.h"
#include "tests/fuzz/fuzz.h"

static void expect(bool truth)
{
    if (!truth)
        abort();
}

static void check_number(const char *data, size_t size, const struct sockstat_number *number)
{
    const char *behind = number->name.data + number->name.size;
    char text[24];
    char *end;

    expect(number->protocol.data >= data && number->name.data > number->protocol.data);
    expect(number->protocol.data[number->protocol.size] == ':');
    expect(number->name.size && number->name.data[-1] == ' ' && behind < data + size);
    while (*behind == ' ' || *behind == '\t')
        behind++;
    (void)snprintf(text, sizeof(text), "%.*s",
                   (int)((size_t)(data + size - behind) < 21 ? data + size - behind : 21), behind);
    errno = 0;
    if (text[strspn(text, "-0")] != '\0' && strspn(text, "-0123456789") < 20)
        expect((uint64_t)strtoll(text, &end, 10) == number->value && !errno);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sockstat_cursor cursor = {.at = (const char *)data, .end = (const char *)data + size};
    struct sockstat_number number;
    uint64_t lines = 0;

    while (sockstat_next(&cursor, &number))
        check_number((const char *)data, size, &number);
    for (size_t i = 0; i < size; i++)
        lines += data[i] == '\n';
    expect(cursor.malformed <= lines);
    return 0;
}
