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

struct answers;
struct health;
struct registry;

/* Borrows both. -ENOMEM. */
int answers_new(const struct registry *registry, struct health *health, struct answers **ret_answers);
/* When nobody holds a body any more. Accepts NULL, returns NULL. */
struct answers *answers_free(struct answers *answers);

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
const struct body *answers_get(struct answers *answers, const struct answer_key *key);
void answers_release(const struct body *body);

/* Bytes of all bodies that are alive: what slow readers hold included. */
size_t answers_bytes(struct answers *answers);
