/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The strict half of json.h: reads the bytes of a document once and refuses what is not exactly JSON. Pure.
 */

#include <stddef.h>

#include "base/buffer.h"
#include "config/report.h"

/* 0 where the bytes are one JSON value within the limits of json.h; `lines` then holds one unsigned for each
 * value in the order of the document: the line where it, or its key, begins. Else -EINVAL, and the report
 * names the first thing that is wrong, with line and key. */
int json_scan(const char *data, size_t size, struct buffer *lines, struct report *report);
