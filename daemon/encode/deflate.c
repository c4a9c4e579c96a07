/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/encode/deflate.h"

/*
 * Writes DEFLATE blocks for a caller that knows the repetitions. A block is first gathered, as matches and
 * counts of symbols. Then its Huffman codes are made, and it is written. Called once for each series of a
 * scrape. Pure; any thread.
 */

#include <endian.h>
#include <stdbool.h>
#include <string.h>

#include "daemon/encode/huffman.h"

enum {
    DYNAMIC_CODES = 2, /* the type of the block */
    END_OF_BLOCK = 256,
    FIRST_LENGTH = 257,    /* the symbol of the shortest match */
    CODE_SIZES = 19,       /* in the code of code sizes: */
    CODE_SIZES_UNUSED = 3, /* first the three ways to repeat a size, */
    CODE_SIZE_BITS = 4,    /* then 0 to 15; we give each of these a code of four bits */
    BLOCK_HEADER_MAX = 192,
    LITERALS_A_STORE = 3,
};

/* The codes of a block. */
struct codes {
    struct huffman_code symbols[DEFLATE_SYMBOLS];
    struct huffman_code distances[DEFLATE_DISTANCES];
    struct huffman_code lengths[DEFLATE_MATCH_MAX + 1]; /* with their extra bits */
};

/* Four symbols of lengths share a number of extra bits, and two of distances. The longest match has its own
 * symbol. */
static unsigned length_symbol(size_t length, unsigned *ret_extra_bits)
{
    unsigned above_min = (unsigned)length - DEFLATE_MATCH_MIN;
    unsigned extra_bits = above_min < 8 ? 0 : 29 - (unsigned)__builtin_clz(above_min);
    bool longest = length == DEFLATE_MATCH_MAX;

    *ret_extra_bits = longest ? 0 : extra_bits;
    return longest ? DEFLATE_SYMBOLS - 1 : FIRST_LENGTH + 4 * extra_bits + (above_min >> extra_bits);
}

static unsigned distance_symbol(unsigned less_1, unsigned *ret_extra_bits)
{
    unsigned extra_bits = less_1 < 4 ? 0 : 30 - (unsigned)__builtin_clz(less_1);

    *ret_extra_bits = extra_bits;
    return 2 * extra_bits + (less_1 >> extra_bits);
}

static void block_begin(struct deflate *deflate)
{
    deflate->block = deflate->at;
    deflate->match_count = 0;
    memset(deflate->symbols, 0, sizeof(deflate->symbols));
    memset(deflate->distances, 0, sizeof(deflate->distances));
    /* A code needs at least two symbols. */
    deflate->symbols[END_OF_BLOCK] = deflate->symbols[0] = 1;
    deflate->distances[0] = deflate->distances[1] = 1;
}

void deflate_begin(struct deflate *deflate, struct buffer *out, const char *text)
{
    deflate->out = out;
    deflate->at = text;
    deflate->bits = 0;
    deflate->bit_count = 0;
    block_begin(deflate);
}

static void codes_make(struct codes *codes, const struct deflate *deflate)
{
    huffman_codes(deflate->symbols, DEFLATE_SYMBOLS, codes->symbols);
    huffman_codes(deflate->distances, DEFLATE_DISTANCES, codes->distances);
    for (unsigned length = DEFLATE_MATCH_MIN; length <= DEFLATE_MATCH_MAX; length++) {
        unsigned extra_bits, symbol = length_symbol(length, &extra_bits);
        uint32_t extra = (length - DEFLATE_MATCH_MIN) & ((1u << extra_bits) - 1);
        struct huffman_code code = codes->symbols[symbol];

        codes->lengths[length] =
            (struct huffman_code){code.bits | extra << code.size, code.size + extra_bits};
    }
}

/* The output position: whole bytes are at `to`; up to 63 bits are not written yet, the oldest lowest. While a
 * block is written, a copy stays in registers. */
struct bits {
    char *to;
    uint64_t bits;
    unsigned count;
};

/* Appends bits. At most 56 bits fit between two stores. */
static inline void bits_put(struct bits *bits, uint64_t value, unsigned size)
{
    bits->bits |= value << bits->count;
    bits->count += size;
}

static inline void bits_put_code(struct bits *bits, struct huffman_code code)
{
    bits_put(bits, code.bits, code.size);
}

/* Writes whole bytes and keeps less than 8 bits. May write a few bytes too many, which the next store
 * overwrites. */
static inline void bits_store(struct bits *bits)
{
    uint64_t bytes = htole64(bits->bits);

    memcpy(bits->to, &bytes, sizeof(bytes));
    bits->to += bits->count / 8;
    bits->bits >>= bits->count & ~7u;
    bits->count &= 7;
}

static void write_sizes(struct bits *bits, const struct huffman_code *codes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t size = codes[i].size;

        /* Each of the 16 sizes has a code of four bits: the size itself, reversed. */
        bits_put(bits, (size & 1) << 3 | (size & 2) << 1 | (size & 4) >> 1 | size >> 3, CODE_SIZE_BITS);
        bits_store(bits);
    }
}

static void write_header(struct bits *bits, const struct codes *codes, bool last)
{
    bits_put(bits, last, 1);
    bits_put(bits, DYNAMIC_CODES, 2);
    bits_put(bits, DEFLATE_SYMBOLS - FIRST_LENGTH, 5);
    bits_put(bits, DEFLATE_DISTANCES - 1, 5);
    bits_put(bits, CODE_SIZES - 4, 4);
    bits_put(bits, 0, CODE_SIZES_UNUSED * 3);
    bits_store(bits);
    for (size_t i = CODE_SIZES_UNUSED; i < CODE_SIZES; i++)
        bits_put(bits, CODE_SIZE_BITS, 3);
    bits_store(bits);
    write_sizes(bits, codes->symbols, DEFLATE_SYMBOLS);
    write_sizes(bits, codes->distances, DEFLATE_DISTANCES);
}

static inline void write_literals(struct bits *bits, const char *from, size_t count,
                                  const struct codes *codes)
{
    const unsigned char *at = (const unsigned char *)from;

    for (; count >= LITERALS_A_STORE; count -= LITERALS_A_STORE) {
        for (size_t i = 0; i < LITERALS_A_STORE; i++)
            bits_put_code(bits, codes->symbols[*at++]);
        bits_store(bits);
    }
    while (count--)
        bits_put_code(bits, codes->symbols[*at++]);
    bits_store(bits);
}

static inline void write_match(struct bits *bits, const struct deflate_match *match,
                               const struct codes *codes)
{
    unsigned extra_bits, symbol = distance_symbol(match->distance, &extra_bits);

    bits_put_code(bits, codes->lengths[match->length]);
    bits_put_code(bits, codes->distances[symbol]);
    bits_put(bits, match->distance & ((1u << extra_bits) - 1), extra_bits);
    bits_store(bits);
}

static void block_write(struct deflate *deflate, bool last)
{
    const char *from = deflate->block;
    /* No byte of text needs more than two bytes: a literal has 15 bits, a match of three bytes 48. */
    char *to = buffer_reserve(deflate->out, 2 * (size_t)(deflate->at - from) + BLOCK_HEADER_MAX);
    struct bits bits = {.to = to, .bits = deflate->bits, .count = deflate->bit_count};
    struct codes codes;

    if (!to)
        return;
    codes_make(&codes, deflate);
    write_header(&bits, &codes, last);
    for (size_t i = 0; i < deflate->match_count; i++) {
        const struct deflate_match *match = &deflate->matches[i];

        write_literals(&bits, from, match->literals, &codes);
        write_match(&bits, match, &codes);
        from += match->literals + match->length;
    }
    write_literals(&bits, from, (size_t)(deflate->at - from), &codes);
    bits_put_code(&bits, codes.symbols[END_OF_BLOCK]);
    if (last)
        bits_put(&bits, 0, 7); /* pad to a whole byte */
    bits_store(&bits);
    deflate->out->size = (size_t)(bits.to - deflate->out->data);
    deflate->bits = bits.bits;
    deflate->bit_count = bits.count;
}

static void count_literals(struct deflate *deflate, const char *end)
{
    for (const char *at = deflate->at; at < end; at++)
        deflate->symbols[(unsigned char)*at]++;
}

void deflate_repeat(struct deflate *deflate, const char *at, size_t length, size_t distance)
{
    struct deflate_match *match = &deflate->matches[deflate->match_count++];
    unsigned extra_bits;

    *match = (struct deflate_match){
        .literals = (uint32_t)(at - deflate->at),
        .length = (uint16_t)length,
        .distance = (uint16_t)(distance - 1),
    };
    count_literals(deflate, at);
    deflate->at = at + length;
    deflate->symbols[length_symbol(length, &extra_bits)]++;
    deflate->distances[distance_symbol(match->distance, &extra_bits)]++;
    if (deflate->match_count == DEFLATE_MATCHES) {
        block_write(deflate, false);
        block_begin(deflate);
    }
}

void deflate_end(struct deflate *deflate, const char *end)
{
    count_literals(deflate, end);
    deflate->at = end;
    block_write(deflate, true);
}
