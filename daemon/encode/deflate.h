/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * DEFLATE (RFC 1951) for a caller that knows where the repetitions are: it names them, this writes the blocks
 * with codes fitted to each. Pure; any thread.
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
    uint16_t distance; /* less one */
};

struct deflate {
    struct buffer *out;
    const char *block; /* where the text of the block begins */
    const char *at;    /* up to here it is in the block */
    uint64_t bits;     /* not written yet, the oldest lowest */
    unsigned bit_count;
    size_t match_count;
    struct deflate_match matches[DEFLATE_MATCHES];
    uint32_t symbols[DEFLATE_SYMBOLS];     /* how often the block has each literal and length */
    uint32_t distances[DEFLATE_DISTANCES]; /* and distance code */
};

/* Text begins at `text`; what is written is appended to `out`. */
void deflate_begin(struct deflate *deflate, struct buffer *out, const char *text);

/* The `length` bytes at `at` are the same as those `distance` before; what lies between the last call's bytes
 * and these has no repetition. The text stays where it is until deflate_end(). */
void deflate_repeat(struct deflate *deflate, const char *at, size_t length, size_t distance);

/* The text ends here. */
void deflate_end(struct deflate *deflate, const char *end);
