/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Finds the rows of a network device, by their label "device", without a look at each row. The first search
 * makes an index, and the row set keeps it. Collections share a row set until a device comes or goes. Any
 * thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/table/row_set.h"

struct row_devices {
    const struct row_set *rows;
    const struct hash_index *index; /* NULL if there was no memory for it; then nothing is found */
    const char *device;             /* borrowed */
    uint32_t hash;
    size_t at;
};

/* Begins a search. The row set must be sealed. */
struct row_devices row_devices_begin(struct row_set *rows, const char *device);

/* Finds the next row, in ascending order. Returns false at the end. */
bool row_devices_next(struct row_devices *search, size_t *ret_row);

/* Finds the first row. Returns false if there is none. */
bool row_devices_first(struct row_set *rows, const char *device, size_t *ret_row);
