/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/incident/facts_by_device.h"

/* Sorts incidents by device, and finds those of one device. Pure; any thread. */

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "daemon/incident/facts.h"

static int compare(const void *a, const void *b)
{
    const struct facts *one = *(struct facts *const *)a, *other = *(struct facts *const *)b;

    if ((one->device_count > 1) != (other->device_count > 1))
        return one->device_count > 1 ? -1 : 1;
    return strcmp(one->device, other->device);
}

/* Returns the slot of the device, or the free slot where it would be. */
static uint8_t *find_slot(struct facts_by_device *sorted, const char *device)
{
    uint64_t hash = hash_text(HASH_EMPTY, device);
    uint8_t *slot = &sorted->slots[hash % FACTS_SLOTS];

    while (*slot && strcmp(sorted->items[*slot - 1]->device, device) != 0)
        slot = &sorted->slots[++hash % FACTS_SLOTS];
    return slot;
}

void facts_by_device_init(struct facts_by_device *sorted, struct facts *facts, size_t count)
{
    assert(count <= LOSS_REPORT_INCIDENTS_MAX);
    *sorted = (struct facts_by_device){.count = count};
    for (size_t i = 0; i < count; i++) {
        sorted->items[i] = &facts[i];
        sorted->several += facts[i].device_count > 1;
    }
    qsort(sorted->items, count, sizeof(sorted->items[0]), compare);
    for (size_t i = sorted->several; i < count; i++) {
        uint8_t *slot = find_slot(sorted, sorted->items[i]->device);

        if (!*slot)
            *slot = (uint8_t)(i + 1);
    }
}

struct facts *facts_by_device_next(struct facts_by_device *sorted, const char *device, size_t *at)
{
    size_t first;

    if (device && *at == sorted->several) {
        first = *find_slot(sorted, device);
        *at = first ? first - 1 : sorted->count;
    }
    if (*at == sorted->count ||
        (device && *at >= sorted->several && strcmp(sorted->items[*at]->device, device) != 0))
        return NULL;
    return sorted->items[(*at)++];
}

const char *facts_row_device(const struct row_set *rows, size_t row, char device[LEDGER_DEVICE_SIZE])
{
    return row_set_label(rows, row, "device", device, LEDGER_DEVICE_SIZE) < 0 ? NULL : device;
}
