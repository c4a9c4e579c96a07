/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/hash.h"

/* The part of the hash index that is too large to be inline: growing and adding. One thread at a time. */

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS_MIN = 16 };

void hash_index_done(struct hash_index *index)
{
    free(index->slots);
    *index = (struct hash_index){};
}

static void slots_put(struct hash_index *index, struct hash_slot slot)
{
    size_t at = slot.hash;

    while (index->slots[at & (index->slot_count - 1)].item)
        at++;
    index->slots[at & (index->slot_count - 1)] = slot;
    index->count++;
}

int hash_index_reserve(struct hash_index *index, size_t count)
{
    struct hash_index larger = {.slot_count = index->slot_count ? index->slot_count : SLOTS_MIN};

    if (2 * count <= index->slot_count)
        return 0;
    while (larger.slot_count < 2 * count)
        larger.slot_count *= 2;
    larger.slots = calloc(larger.slot_count, sizeof(*larger.slots));
    if (!larger.slots)
        return -ENOMEM;
    for (size_t i = 0; i < index->slot_count; i++)
        if (index->slots[i].item)
            slots_put(&larger, index->slots[i]);
    free(index->slots);
    *index = larger;
    return 0;
}

int hash_index_add(struct hash_index *index, uint64_t hash, size_t item)
{
    int error = hash_index_reserve(index, index->count + 1);

    if (error < 0)
        return error;
    assert(item < UINT32_MAX);
    slots_put(index, (struct hash_slot){.hash = hash_half(hash), .item = (uint32_t)item + 1});
    return 0;
}

void hash_index_clear(struct hash_index *index)
{
    if (index->slots)
        memset(index->slots, 0, index->slot_count * sizeof(*index->slots));
    index->count = 0;
}
