/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/softnet/softnet_parse.h"

/*
 * Parses /proc/net/softnet_stat. Pure; the softnet collector's thread. New columns were only ever added at
 * the end, and columns that lost their meaning stay as zeros.
 */

#include <errno.h>

#include "base/hexadecimal.h"

enum {
    COLUMN_PROCESSED = 0,
    COLUMN_DROPPED = 1,
    COLUMN_TIMES_SQUEEZED = 2,
    COLUMN_CPU_COLLISION = 8,
    COLUMNS_MIN = 9, /* before 2.6.35 */
    COLUMN_RECEIVED_RPS = 9,
    COLUMN_FLOW_LIMIT = 10,     /* Linux 3.11 */
    COLUMN_BACKLOG_LENGTH = 11, /* Linux 5.10, as the next one */
    COLUMN_CPU = 12,
    COLUMNS_KEPT,
};

/* Reads one number and the byte after it, which is a blank or ends the line. */
static bool read_column(const char **at, const char *end, uint32_t *ret_value)
{
    const char *next = *at;
    uint32_t value;

    if (!hexadecimal_uint32(&next, end, &value) || next == end || (*next != ' ' && *next != '\n'))
        return false;
    *at = next + 1;
    *ret_value = value;
    return true;
}

int softnet_parse_line(const char **at, const char *end, struct softnet_line *ret_line)
{
    uint32_t columns[COLUMNS_KEPT] = {}, value;
    const char *next = *at;
    size_t count = 0;

    do {
        if (!read_column(&next, end, &value))
            return -EBADMSG;
        if (count < COLUMNS_KEPT)
            columns[count] = value;
        count++;
    } while (next[-1] != '\n');
    if (count < COLUMNS_MIN || columns[COLUMN_CPU] >= SOFTNET_CPUS_MAX)
        return -EBADMSG;
    *ret_line = (struct softnet_line){
        .counters =
            {
                [SOFTNET_PROCESSED] = columns[COLUMN_PROCESSED],
                [SOFTNET_DROPPED] = columns[COLUMN_DROPPED],
                [SOFTNET_TIMES_SQUEEZED] = columns[COLUMN_TIMES_SQUEEZED],
                [SOFTNET_FLOW_LIMIT] = columns[COLUMN_FLOW_LIMIT],
                [SOFTNET_CPU_COLLISION] = columns[COLUMN_CPU_COLLISION],
                [SOFTNET_RECEIVED_RPS] = columns[COLUMN_RECEIVED_RPS],
                [SOFTNET_BACKLOG_LENGTH] = columns[COLUMN_BACKLOG_LENGTH],
            },
        .has_flow_limit = count > COLUMN_FLOW_LIMIT,
        .has_cpu = count > COLUMN_CPU,
        .cpu = columns[COLUMN_CPU],
    };
    *at = next;
    return 0;
}
