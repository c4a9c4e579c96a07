/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/table/row_devices.h"

/* Makes the index of a row set by device, and looks rows up in it. Any thread. */

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

enum { DEVICE_SIZE = 64 };

/* Reserves room before it adds the first row, so that rows of one device stay in order. */
static struct hash_index *index_new(const struct row_set *rows)
{
    struct hash_index *index = calloc(1, sizeof(*index));
    char device[DEVICE_SIZE];

    if (!index || hash_index_reserve(index, rows->count) < 0) {
        free(index);
        return NULL;
    }
    for (size_t row = 0; row < rows->count; row++)
        if (row_set_label(rows, row, "device", device, sizeof(device)) >= 0)
            (void)hash_index_add(index, hash_text(HASH_EMPTY, device), row);
    return index;
}

/* If several threads make an index at the same time, the first one stays. */
static const struct hash_index *index_of(struct row_set *rows)
{
    struct hash_index *index = atomic_load_explicit(&rows->devices, memory_order_acquire), *other = NULL;

    if (index)
        return index;
    index = index_new(rows);
    if (!index || atomic_compare_exchange_strong(&rows->devices, &other, index))
        return index;
    hash_index_done(index);
    free(index);
    return other;
}

struct row_devices row_devices_begin(struct row_set *rows, const char *device)
{
    uint32_t hash = hash_half(hash_text(HASH_EMPTY, device));

    return (struct row_devices){
        .rows = rows, .index = index_of(rows), .device = device, .hash = hash, .at = hash};
}

bool row_devices_next(struct row_devices *search, size_t *ret_row)
{
    char device[DEVICE_SIZE];
    size_t row;

    while (search->index && (row = hash_index_next(search->index, search->hash, &search->at)) != HASH_NONE) {
        (void)row_set_label(search->rows, row, "device", device, sizeof(device));
        if (strcmp(device, search->device) != 0)
            continue;
        *ret_row = row;
        return true;
    }
    return false;
}

bool row_devices_first(struct row_set *rows, const char *device, size_t *ret_row)
{
    struct row_devices search = row_devices_begin(rows, device);

    return row_devices_next(&search, ret_row);
}
