/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Hashes, and an index that finds an item among many by its content. The hash is FNV-1a, for tables in memory
 * only: whoever chooses names can make them collide, so only tables with a bound of their own use it.
 *
 * An index knows items by their number in an array of the caller, who also says when two are equal. Items
 * cannot be removed: the caller clears the index and adds the remaining ones again. One thread, or any number
 * of threads that only read.
 */

#include <stddef.h>
#include <stdint.h>

/* The hash of nothing. Each function below adds to a hash. */
#define HASH_EMPTY UINT64_C(0xcbf29ce484222325)
#define HASH_PRIME UINT64_C(0x100000001b3)

static inline uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;

    for (size_t i = 0; i < size; i++)
        hash = (hash ^ at[i]) * HASH_PRIME;
    return hash;
}

/* Adds a text with its NUL, so that several texts differ from their concatenation. */
static inline uint64_t hash_text(uint64_t hash, const char *text)
{
    do
        hash = (hash ^ (unsigned char)*text) * HASH_PRIME;
    while (*text++);
    return hash;
}

/* Adds eight bytes in one step. A product carries only upwards, so the high half is mixed into the low one:
 * otherwise the last bytes of a word could be cancelled by the last bytes of the next. */
static inline uint64_t hash_word(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * HASH_PRIME;
    return hash ^ hash >> 32;
}

struct hash_slot {
    uint32_t hash; /* hash_half(), so that few unequal items are compared and none is hashed again */
    uint32_t item; /* the item plus 1; 0 if the slot is free */
};

struct hash_index {
    struct hash_slot *slots; /* open addressing, at most half full */
    size_t slot_count;       /* a power of two, or 0 */
    size_t count;            /* number of items */
};

#define HASH_NONE SIZE_MAX

/* Returns the 32 bits that an index uses. Each bit of the hash affects them (Knuth's multiplicative
 * hashing). */
static inline uint32_t hash_half(uint64_t hash)
{
    return (uint32_t)(hash * UINT64_C(0x9e3779b97f4a7c15) >> 32);
}

void hash_index_done(struct hash_index *index); /* accepts a zeroed struct */

/* Makes room for `count` items, so that adding them does not fail. Returns 0, or -ENOMEM, which changes
 * nothing. */
int hash_index_reserve(struct hash_index *index, size_t count);

/* Adds an item that is not in the index. Returns 0, or -ENOMEM, which changes nothing. */
int hash_index_add(struct hash_index *index, uint64_t hash, size_t item);

/* Removes all items and keeps the memory. */
void hash_index_clear(struct hash_index *index);

/* Returns the next item with this hash from slot `at` on, and moves `at` past it. Returns HASH_NONE if there
 * is no other. */
static inline size_t hash_index_next(const struct hash_index *index, uint32_t half, size_t *at)
{
    while (index->slot_count) {
        const struct hash_slot *slot = &index->slots[(*at)++ & (index->slot_count - 1)];

        if (!slot->item || slot->hash == half)
            return (size_t)slot->item - 1; /* HASH_NONE for a free slot */
    }
    return HASH_NONE;
}

/*
 * Returns the item with this hash for which `equal` is true, or HASH_NONE if there is none. `equal` is an
 * expression that uses `candidate`, which is declared here: the item to compare.
 */
#define hash_index_find(index, hash, candidate, equal)                                                       \
    ({                                                                                                       \
        const uint32_t half_ = hash_half(hash);                                                              \
        size_t at_ = half_, candidate;                                                                       \
                                                                                                             \
        do                                                                                                   \
            candidate = hash_index_next((index), half_, &at_);                                               \
        while (candidate != HASH_NONE && !(equal));                                                          \
        candidate;                                                                                           \
    })
