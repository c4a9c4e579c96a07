/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/process/process_parse.h"

/*
 * Parses /proc/PID/stat. The kernel's do_task_stat() (fs/proc/array.c) writes one line of 52 fields. The
 * second, the command name in parentheses, may contain anything, even blanks and parentheses. So fields are
 * counted from the last ')'. Pure; the process collector's thread.
 */

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/decimal.h"

/* Positions as proc(5) numbers them. The state is field 3, the first after the name. */
enum {
    FIELD_FIRST = 3,
    FIELD_START_TIME = 22,
    FIELD_VSIZE = 23,
    FIELD_RSS = 24,
};

static bool skip_fields(const char **at, const char *end, unsigned count)
{
    while (count--) {
        const char *space = memchr(*at, ' ', (size_t)(end - *at));

        if (!space)
            return false;
        *at = space + 1;
    }
    return true;
}

/* Reads a number and the blank after it: a number that the end of the text cuts must not be taken for a whole
 * one. */
static bool number_field(const char **at, const char *end, uint64_t *ret_value)
{
    const char *next = *at;
    uint64_t value;

    if (!decimal_uint64(&next, end, &value) || next == end || *next != ' ')
        return false;
    *at = next + 1;
    *ret_value = value;
    return true;
}

int process_parse_stat(const char *text, size_t size, struct process_stat *ret_stat)
{
    const char *end = text + size;
    const char *at = memrchr(text, ')', size);
    struct process_stat stat;

    if (!at || end - at < 2 || at[1] != ' ')
        return -EBADMSG;
    at += 2;
    if (!skip_fields(&at, end, FIELD_START_TIME - FIELD_FIRST) ||
        !number_field(&at, end, &stat.start_ticks) || !number_field(&at, end, &stat.virtual_bytes) ||
        !number_field(&at, end, &stat.resident_pages))
        return -EBADMSG;
    *ret_stat = stat;
    return 0;
}

_Static_assert(FIELD_VSIZE == FIELD_START_TIME + 1 && FIELD_RSS == FIELD_VSIZE + 1, "read one after another");
