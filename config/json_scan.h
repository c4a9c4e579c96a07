/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The strict half of json.h: reads the bytes of a document once and refuses what is not exactly JSON. Pure.
 */

#include <stddef.h>

#include "base/buffer.h"
#include "config/report.h"

struct cJSON;

/* Where a value, or its key, begins. */
struct json_place {
    const struct cJSON *item; /* the scanner's is NULL: it knows values by their order */
    unsigned line;
};

/* 0 where the bytes are one JSON value within the limits of json.h; `places` then holds a json_place for each
 * value, in the order of the document. Else -EINVAL, and the report names the first thing that is wrong, with
 * line and key. */
int json_scan(const char *data, size_t size, struct buffer *places, struct report *report);
