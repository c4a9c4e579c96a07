/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The Huffman codes of DEFLATE (RFC 1951, 3.2.2). Pure; any thread. */

#include <stddef.h>
#include <stdint.h>

enum { HUFFMAN_SYMBOLS_MAX = 286, HUFFMAN_SIZE_MAX = 15 };

struct huffman_code {
    uint32_t bits; /* reversed: a code is read from its highest bit, all else from the lowest */
    uint32_t size; /* in bits; 0 if the symbol has no code */
};

/* Makes canonical codes for the symbols whose count is not 0. There must be at least two (a code of one
 * symbol is a special case in every reader), and the sum of all counts must be below 2^31. */
void huffman_codes(const uint32_t *counts, size_t count, struct huffman_code *ret_codes);
