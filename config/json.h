/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Strict JSON: RFC 8259 and nothing else. cJSON builds the tree, but it accepts trailing bytes, duplicate
 * keys, leading zeros, raw control characters, invalid UTF-8 and 1e999, cuts strings at \u0000 and rounds
 * numbers above 2^53; so a scanner of our own reads the bytes first and refuses all of that. Pure.
 */

#include <stddef.h>

#include <cjson/cJSON.h>

#include "base/cleanup.h"
#include "config/report.h"

enum {
    JSON_SIZE_MAX = 1024 * 1024,
    JSON_DEPTH_MAX = 16,
};

#define JSON_NUMBER_MAX UINT64_C(9007199254740991) /* up to here a double holds every whole number */

DEFINE_CLEANUP(cJSON *, cJSON_Delete)

/* The tree, for cJSON_Delete(); NULL where the bytes are not JSON (or memory is out), which the report says.
 * Duplicate keys are reported too, but leave the tree usable: all that is wrong is said in one go. Numbers
 * are whole and exact, strings free of NUL. */
cJSON *json_parse(const char *data, size_t size, struct report *report);

/* The line where an item of such a tree, or its key, stands. */
static inline unsigned json_line(const cJSON *item)
{
    return (unsigned)item->valueint; /* see record_line() */
}
