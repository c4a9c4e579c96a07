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
    const struct cJSON *item; /* NULL from the scanner, which knows values only by their order */
    unsigned line;
};

/* Returns 0 if the bytes are one JSON value within the limits of json.h; `places` then holds a json_place for
 * each value, in the order of the document. Otherwise returns -EINVAL, and the report names the first mistake
 * with its line and key. */
int json_scan(const char *data, size_t size, struct buffer *places, struct report *report);
