/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Strict JSON: RFC 8259 and nothing else. cJSON builds the tree, but it accepts trailing bytes, duplicate
 * keys, leading zeros, raw control characters, invalid UTF-8 and 1e999, cuts strings at \u0000 and rounds
 * numbers above 2^53; so a scanner of our own reads the bytes first and refuses all of that. cJSON does not
 * know lines either; the scanner does, and keeps them in a table beside the tree. Pure.
 */

#include <stddef.h>

#include <cjson/cJSON.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "config/report.h"

enum {
    JSON_SIZE_MAX = 1024 * 1024,
    JSON_DEPTH_MAX = 16,
};

#define JSON_NUMBER_MAX UINT64_C(9007199254740991) /* up to here a double holds every whole number */

struct json {
    cJSON *root;
    struct buffer places; /* the line of each item; json_line() reads it */
};

/* Returns NULL if the bytes are not JSON or memory runs out, which the report says. Duplicate keys are
 * reported too, but leave the document usable, so that all mistakes are reported at once. Numbers are whole
 * and exact; strings have no NUL. */
struct json *json_parse(const char *data, size_t size, struct report *report);
struct json *json_free(struct json *json); /* accepts NULL, returns NULL */

DEFINE_CLEANUP(struct json *, json_free)

/* Returns the line of an item of the document, or of its key. */
unsigned json_line(const struct json *json, const cJSON *item);
