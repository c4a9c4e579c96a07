/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * DEFLATE (RFC 1951) for a caller that knows where the repetitions are: the caller names them, and this
 * writes blocks with codes fitted to each. Pure; any thread.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

enum { DEFLATE_MATCH_MIN = 3, DEFLATE_MATCH_MAX = 258, DEFLATE_DISTANCE_MAX = 32768 };

enum { DEFLATE_MATCHES = 8192, DEFLATE_SYMBOLS = 286, DEFLATE_DISTANCES = 30 };

/* Some literals and then a repetition. */
struct deflate_match {
    uint32_t literals;
    uint16_t length;
    uint16_t distance; /* minus one */
};

struct deflate {
    struct buffer *out;
    const char *block; /* where the text of the block begins */
    const char *at;    /* the block contains the text up to here */
    uint64_t bits;     /* not written yet; the oldest is the lowest */
    unsigned bit_count;
    size_t match_count;
    struct deflate_match matches[DEFLATE_MATCHES];
    uint32_t symbols[DEFLATE_SYMBOLS];     /* how often each literal and length occurs in the block */
    uint32_t distances[DEFLATE_DISTANCES]; /* and each distance code */
};

/* Begins with the text at `text`. Output is appended to `out`. */
void deflate_begin(struct deflate *deflate, struct buffer *out, const char *text);

/* Says that the `length` bytes at `at` repeat those `distance` bytes before, and that the bytes since the
 * last call repeat nothing. The text must stay in place until deflate_end(). */
void deflate_repeat(struct deflate *deflate, const char *at, size_t length, size_t distance);

/* Ends the text. */
void deflate_end(struct deflate *deflate, const char *end);
