/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/sockets/sockstat_parse.h"

/* Parses /proc/net/sockstat and sockstat6, whose lines have a name and pairs of keys and numbers. Pure; any
 * thread. */

#include <string.h>

static bool next_line(struct sockstat_cursor *cursor)
{
    struct snmp_text line;
    const char *colon;

    while (snmp_next_line(&cursor->at, cursor->end, &line)) {
        colon = memchr(line.data, ':', line.size);
        if (colon) {
            size_t size = (size_t)(colon - line.data);

            cursor->protocol = (struct snmp_text){line.data, size};
            cursor->rest = (struct snmp_text){colon + 1, line.size - size - 1};
            return true;
        }
        cursor->malformed++;
    }
    return false;
}

/* Takes " inuse 9" from the rest of the line. Returns false if it is something else. */
static bool next_pair(struct sockstat_cursor *cursor, struct sockstat_number *number)
{
    const char *at = cursor->rest.data, *end = at + cursor->rest.size, *blank;

    if (*at++ != ' ' || !(blank = memchr(at, ' ', (size_t)(end - at))) || blank == at)
        return false;
    number->protocol = cursor->protocol;
    number->name = (struct snmp_text){at, (size_t)(blank - at)};
    if (!snmp_next_value(&blank, end, true, &number->value))
        return false;
    cursor->rest = (struct snmp_text){blank, (size_t)(end - blank)};
    return true;
}

bool sockstat_next(struct sockstat_cursor *cursor, struct sockstat_number *ret_number)
{
    while (cursor->rest.size || next_line(cursor)) {
        if (cursor->rest.size && next_pair(cursor, ret_number))
            return true;
        cursor->malformed += cursor->rest.size != 0;
        cursor->rest.size = 0;
    }
    return false;
}
