/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Finished answers: the encoded (and compressed) bodies of the metrics page, kept until a snapshot changes
 * and a second at most, so that many scrapers cost as one. Health is computed when a body is made. Bodies
 * are reference-counted; their memory is recycled. Any thread; one lock, held while a body is made, so that
 * a hundred simultaneous scrapers wait for one encoding instead of making a hundred.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/table/table.h"

struct answer_cache;
struct self_metrics;
struct registry;

/* Borrows both. -ENOMEM. */
int answer_cache_new(const struct registry *registry, struct self_metrics *health,
                     struct answer_cache **ret_answers);
/* When nobody holds a body any more. Accepts NULL, returns NULL. */
struct answer_cache *answer_cache_free(struct answer_cache *answers);

struct answer_key {
    uint64_t collectors; /* bit i: collectors[i] is wanted */
    enum exposition exposition;
    bool gzip;
};

struct body {
    const char *data;
    size_t size;
};

/* The body for the key as of now, with a reference; NULL: out of memory. */
const struct body *answer_cache_get(struct answer_cache *answers, const struct answer_key *key);
void answer_cache_release(const struct body *body);

/* Bytes of all bodies that are alive: what slow readers hold included. */
size_t answer_cache_bytes(struct answer_cache *answers);
