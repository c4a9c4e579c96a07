/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Hashes, and an index over them: where an item is among many, by what it is. The hash is FNV-1a, for tables
 * in memory only: whoever can choose names can make them collide, so that what has no bound of its own has no
 * place in an index.
 *
 * An index knows items by their number in an array of the caller, who also knows when two are equal. Nothing
 * is taken out of it: who gives items up clears it and adds the others again. One thread, or nobody writes.
 */

#include <stddef.h>
#include <stdint.h>

/* The hash of nothing: each function adds to a hash. */
#define HASH_EMPTY UINT64_C(0xcbf29ce484222325)
#define HASH_PRIME UINT64_C(0x100000001b3)

static inline uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;

    for (size_t i = 0; i < size; i++)
        hash = (hash ^ at[i]) * HASH_PRIME;
    return hash;
}

/* The NUL counts: of several texts it is seen where one ends. */
static inline uint64_t hash_text(uint64_t hash, const char *text)
{
    do
        hash = (hash ^ (unsigned char)*text) * HASH_PRIME;
    while (*text++);
    return hash;
}

/* Eight bytes in one step. A product carries upwards only, so that the high half is put into the low one:
 * else the last bytes of a word would be undone by the last bytes of the next. */
static inline uint64_t hash_word(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * HASH_PRIME;
    return hash ^ hash >> 32;
}

struct hash_slot {
    uint32_t hash; /* hash_half(): few items that are not equal are compared, and none is hashed again */
    uint32_t item; /* + 1; 0: free */
};

struct hash_index {
    struct hash_slot *slots; /* open addressing, at most half full */
    size_t slot_count;       /* a power of two, or 0 */
    size_t count;            /* of items */
};

#define HASH_NONE SIZE_MAX

/* The half that an index goes by; each bit of the whole has a part in it (Knuth's multiplicative hashing). */
static inline uint32_t hash_half(uint64_t hash)
{
    return (uint32_t)(hash * UINT64_C(0x9e3779b97f4a7c15) >> 32);
}

void hash_index_done(struct hash_index *index); /* accepts a zeroed one */

/* Makes room for so many items, that adding them does not fail. -ENOMEM, and all is as it was. */
int hash_index_reserve(struct hash_index *index, size_t count);

/* Adds an item that is not there yet. -ENOMEM, and all is as it was. */
int hash_index_add(struct hash_index *index, uint64_t hash, size_t item);

/* Forgets the items, and keeps the room. */
void hash_index_clear(struct hash_index *index);

/* The next item of this half from the slot `at` on, which moves behind it; HASH_NONE: there is no other. */
static inline size_t hash_index_next(const struct hash_index *index, uint32_t half, size_t *at)
{
    while (index->slot_count) {
        const struct hash_slot *slot = &index->slots[(*at)++ & (index->slot_count - 1)];

        if (!slot->item || slot->hash == half)
            return (size_t)slot->item - 1; /* of a free one HASH_NONE */
    }
    return HASH_NONE;
}

/*
 * The item of this hash for which `equal` is true; HASH_NONE where there is none. `equal` is an expression
 * with `candidate`, a name that is declared here: the item to be compared.
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
