/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Keeps the encoded and compressed bodies of the metrics page until a snapshot changes, for a second at most,
 * so that many scrapers cost as much as one. Health is computed when a body is made. Bodies are
 * reference-counted, and their memory is recycled. Bodies made elsewhere can be taken in, so that all are
 * held, counted and released alike. Any thread. One lock is held while a body is made, so that a hundred
 * simultaneous scrapers wait for one encoding instead of making a hundred.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/table/table.h"

/* How many bytes of bodies may be held at once. Over the budget, an older body is served instead of a new
 * one. Over the maximum, no bodies are taken in. */
enum {
    ANSWER_BYTES_BUDGET = 64 * 1024 * 1024,
    ANSWER_BYTES_MAX = 72 * 1024 * 1024,
};

struct answer_cache;
struct ledger;
struct self_metrics;
struct registry;

/* Borrows all arguments. Without a ledger (NULL) its tables are left out. Returns 0 or -ENOMEM. */
int answer_cache_new(const struct registry *registry, struct self_metrics *health, struct ledger *ledger,
                     struct answer_cache **ret_answers);
/* Call it when nobody holds a body any more. Accepts NULL, returns NULL. */
struct answer_cache *answer_cache_free(struct answer_cache *answers);

struct answer_key {
    uint64_t collectors; /* bit i is set if collectors[i] is wanted */
    enum exposition exposition;
    bool gzip;
    bool node_exporter; /* under its names, and nothing of the program itself */
};

struct body {
    const char *data;
    size_t size;
};

/* Returns the body for the key, current or older (see above), with a reference, or NULL if memory runs out.
 * */
const struct body *answer_cache_get(struct answer_cache *answers, const struct answer_key *key);
/* Makes a body of the buffer, takes over its memory, and returns the body with a reference. Returns NULL if
 * memory runs out or too much is held. */
const struct body *answer_cache_take_in(struct answer_cache *answers, struct buffer *buffer);
void answer_cache_release(const struct body *body);

/* Returns the bytes of all bodies that are held, by slow readers too. */
size_t answer_cache_bytes(struct answer_cache *answers);
