/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/encode/huffman.h"

/*
 * Makes the Huffman codes of a DEFLATE block. Pure; any thread. Runs twice for each block of a gzip answer,
 * and takes a microsecond or two for a hundred symbols.
 */

#include <stdbool.h>
#include <string.h>

/* Runs Huffman's algorithm over the symbols whose weight is not 0. Returns the size of the longest code.
 * `weights` has zeroed room for as many inner nodes after the symbols. These are made in the order of their
 * weights, so that the next lightest node is the first leaf or the first inner node. */
static unsigned code_sizes(uint32_t *weights, size_t count, uint8_t *ret_sizes)
{
    uint16_t leaves[HUFFMAN_SYMBOLS_MAX], parents[2 * HUFFMAN_SYMBOLS_MAX] = {};
    uint8_t depths[2 * HUFFMAN_SYMBOLS_MAX] = {};
    size_t leaf_count = 0, leaf = 0, inner = count, next = count;
    unsigned longest = 0;

    for (size_t i = 0; i < count; i++) {
        size_t at = leaf_count;

        if (!weights[i])
            continue;
        for (; at > 0 && weights[leaves[at - 1]] > weights[i]; at--)
            leaves[at] = leaves[at - 1];
        leaves[at] = (uint16_t)i;
        leaf_count++;
    }
    for (; next - count < leaf_count - 1; next++) {
        for (int child = 0; child < 2; child++) {
            bool is_leaf = leaf < leaf_count && (inner == next || weights[leaves[leaf]] <= weights[inner]);
            size_t node = is_leaf ? leaves[leaf++] : inner++;

            parents[node] = (uint16_t)next;
            weights[next] += weights[node];
        }
    }
    for (size_t i = next - 1; i-- > 0;) { /* from below the root, which is the last node */
        depths[i] = parents[i] ? depths[parents[i]] + 1 : 0;
        longest = depths[i] > longest ? depths[i] : longest;
    }
    memcpy(ret_sizes, depths, count);
    return longest;
}

static void assign_codes(const uint8_t *sizes, size_t count, struct huffman_code *ret_codes)
{
    uint32_t of_size[HUFFMAN_SIZE_MAX + 1] = {}, next[HUFFMAN_SIZE_MAX + 1] = {};

    for (size_t i = 0; i < count; i++)
        of_size[sizes[i]] += sizes[i] > 0;
    for (unsigned size = 1; size <= HUFFMAN_SIZE_MAX; size++)
        next[size] = (next[size - 1] + of_size[size - 1]) << 1;
    for (size_t i = 0; i < count; i++) {
        uint32_t code = next[sizes[i]]++;

        ret_codes[i] = (struct huffman_code){.size = sizes[i]};
        for (unsigned bit = 0; bit < sizes[i]; bit++)
            ret_codes[i].bits |= (code >> bit & 1) << (sizes[i] - 1 - bit);
    }
}

void huffman_codes(const uint32_t *counts, size_t count, struct huffman_code *ret_codes)
{
    uint8_t sizes[HUFFMAN_SYMBOLS_MAX];
    unsigned flatten = 0, longest;

    /* Codes are too long only if a few symbols are far more frequent than the others: bring their weights
     * closer. */
    do {
        uint32_t weights[2 * HUFFMAN_SYMBOLS_MAX] = {};

        for (size_t i = 0; i < count; i++)
            weights[i] = counts[i] ? (counts[i] >> flatten) + 1 : 0;
        longest = code_sizes(weights, count, sizes);
        flatten++;
    } while (longest > HUFFMAN_SIZE_MAX);
    assign_codes(sizes, count, ret_codes);
}
