/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/encode/answer_cache.h"

/*
 * Keeps finished answers, so that many scrapers cost as much as one. There is one entry for each kind of
 * answer that was requested lately. One lock orders those who make answers, so that simultaneous scrapers
 * wait for one body. libmicrohttpd's threads call get and release.
 */

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "daemon/encode/encode.h"
#include "daemon/encode/gzip.h"
#include "daemon/ledger/ledger.h"
#include "daemon/run/registry.h"
#include "daemon/run/self_metrics.h"

enum { ENTRIES = 8 };

#define KEEP_NS NS_PER_SECOND

enum kind {
    KIND_TEXT, /* the text, which gzip reads */
    KIND_GZIP, /* the compressed text */
    KIND_OWN,  /* taken from the caller */
    KIND_COUNT
};

struct owned_body {
    struct body body; /* the first member: readers hold a pointer to it */
    struct answer_cache *answers;
    unsigned references; /* under the lock */
    enum kind kind;
    struct buffer buffer;
};

struct entry {
    struct answer_key key;
    struct owned_body *body; /* NULL if free */
    uint64_t generation;     /* of the registry when it was made */
    uint64_t made_ns;
};

struct answer_cache {
    const struct registry *registry;
    struct self_metrics *health;
    struct ledger *ledger;
    pthread_mutex_t lock;
    struct entry entries[ENTRIES];
    struct owned_body *spares[KIND_OWN]; /* to be used again */
    size_t bytes;                        /* of all bodies with references */
    struct snapshot *health_draft;
    struct snapshot *ledger_draft;
    struct gzip *gzip;
};

int answer_cache_new(const struct registry *registry, struct self_metrics *health, struct ledger *ledger,
                     struct answer_cache **ret_answers)
{
    struct answer_cache *answers = calloc(1, sizeof(*answers));

    if (!answers)
        return -ENOMEM;
    answers->registry = registry;
    answers->health = health;
    answers->ledger = ledger;
    answers->health_draft = snapshot_new();
    answers->ledger_draft = snapshot_new();
    answers->gzip = gzip_new();
    pthread_mutex_init(&answers->lock, NULL);
    if (!answers->health_draft || !answers->ledger_draft || !answers->gzip) {
        answer_cache_free(answers);
        return -ENOMEM;
    }
    *ret_answers = answers;
    return 0;
}

static void body_free(struct owned_body *body)
{
    buffer_done(&body->buffer);
    free(body);
}

/* Drops a reference. The last one makes the body a spare, or frees it if there is a spare already. */
static void body_drop(struct answer_cache *answers, struct owned_body *body)
{
    if (--body->references)
        return;
    answers->bytes -= body->body.size;
    if (body->kind == KIND_OWN || answers->spares[body->kind])
        body_free(body);
    else
        answers->spares[body->kind] = body;
}

struct answer_cache *answer_cache_free(struct answer_cache *answers)
{
    if (!answers)
        return NULL;
    for (size_t i = 0; i < ENTRIES; i++)
        if (answers->entries[i].body)
            body_drop(answers, answers->entries[i].body);
    for (size_t i = 0; i < ELEMENTS(answers->spares); i++)
        if (answers->spares[i])
            body_free(answers->spares[i]);
    snapshot_unref(answers->health_draft);
    snapshot_unref(answers->ledger_draft);
    gzip_free(answers->gzip);
    pthread_mutex_destroy(&answers->lock);
    free(answers);
    return NULL;
}

static struct owned_body *body_new(struct answer_cache *answers, enum kind kind)
{
    struct owned_body *body = kind == KIND_OWN ? NULL : take_ptr(answers->spares[kind]);

    if (!body)
        body = calloc(1, sizeof(*body));
    if (!body)
        return NULL;
    body->answers = answers;
    body->references = 1;
    body->kind = kind;
    body->body.size = 0;
    buffer_clear(&body->buffer);
    return body;
}

/* Encodes the health of the wanted collectors, and the ledger. */
static void encode_program(struct answer_cache *answers, const struct answer_key *key, uint64_t now_ns,
                           struct buffer *out)
{
    snapshot_clear(answers->health_draft);
    if (self_metrics_fill(answers->health, key->collectors, now_ns, answers->health_draft) < 0)
        out->error = -ENOMEM;
    encode_snapshot(out, answers->health_draft, key->exposition);
    snapshot_clear(answers->ledger_draft);
    if (answers->ledger && ledger_fill(answers->ledger, key->collectors, now_ns, answers->ledger_draft) < 0)
        out->error = -ENOMEM;
    encode_snapshot(out, answers->ledger_draft, key->exposition);
}

/* Encodes the whole answer: the program's own metrics, then what each collector published last. */
static void answer_cache_encode(struct answer_cache *answers, const struct answer_key *key, uint64_t now_ns,
                                struct buffer *out)
{
    void (*encode)(struct buffer * out, const struct snapshot *snapshot, enum exposition exposition) =
        key->node_exporter ? encode_snapshot_node : encode_snapshot;

    if (!key->node_exporter)
        encode_program(answers, key, now_ns, out);
    for (size_t i = 0; i < registry_count(answers->registry); i++) {
        struct snapshot *snapshot = NULL;

        if (key->collectors >> i & 1)
            snapshot = registry_snapshot(answers->registry, i, now_ns);
        if (snapshot)
            encode(out, snapshot, key->exposition);
        snapshot_unref(snapshot);
    }
    encode_end(out, key->exposition);
}

/* Finishes the body from its buffer. Returns NULL if memory ran out. */
static struct owned_body *body_finish(struct answer_cache *answers, struct owned_body *body)
{
    if (body->buffer.error) {
        body_drop(answers, body);
        return NULL;
    }
    body->body = (struct body){.data = body->buffer.data, .size = body->buffer.size};
    answers->bytes += body->body.size;
    return body;
}

/* Makes a body, of which the caller owns a reference. Returns NULL if memory runs out. */
static struct owned_body *answer_cache_make(struct answer_cache *answers, const struct answer_key *key,
                                            uint64_t now_ns)
{
    struct owned_body *text = body_new(answers, KIND_TEXT), *body;

    if (text) {
        answer_cache_encode(answers, key, now_ns, &text->buffer);
        text = body_finish(answers, text);
    }
    if (!text || !key->gzip)
        return text;
    body = body_new(answers, KIND_GZIP);
    if (body) {
        gzip_text(answers->gzip, &body->buffer, text->body.data, text->body.size);
        body = body_finish(answers, body);
    }
    body_drop(answers, text);
    return body;
}

static bool key_equal(const struct answer_key *a, const struct answer_key *b)
{
    return a->collectors == b->collectors && a->exposition == b->exposition && a->gzip == b->gzip &&
           a->node_exporter == b->node_exporter;
}

/* Returns the key's entry, or one to replace: a free one, else the oldest. */
static struct entry *answer_cache_entry(struct answer_cache *answers, const struct answer_key *key)
{
    struct entry *chosen = &answers->entries[0];

    for (size_t i = 0; i < ENTRIES; i++) {
        struct entry *entry = &answers->entries[i];

        if (entry->body && key_equal(&entry->key, key))
            return entry;
        if (chosen->body && (!entry->body || entry->made_ns < chosen->made_ns))
            chosen = entry;
    }
    return chosen;
}

/* Drops entries of all keys that can no longer be served: the next answer needs their memory. */
static void answer_cache_expire(struct answer_cache *answers, uint64_t generation, uint64_t now_ns)
{
    for (size_t i = 0; i < ENTRIES; i++) {
        struct entry *entry = &answers->entries[i];

        if (entry->body && (entry->generation != generation || now_ns >= entry->made_ns + KEEP_NS))
            body_drop(answers, take_ptr(entry->body));
    }
}

static struct owned_body *answer_cache_get_locked(struct answer_cache *answers, const struct answer_key *key)
{
    uint64_t generation =
        registry_generation(answers->registry); /* read before encoding, so that it is never too new */
    uint64_t now_ns = clock_boottime_ns();
    struct entry *entry;

    if (answers->bytes <= ANSWER_BYTES_BUDGET)
        answer_cache_expire(answers, generation, now_ns);
    entry = answer_cache_entry(answers, key);
    if (!entry->body || !key_equal(&entry->key, key)) {
        if (entry->body)
            body_drop(answers, entry->body);
        *entry = (struct entry){
            .key = *key,
            .generation = generation,
            .made_ns = now_ns,
            .body = answer_cache_make(answers, key, now_ns),
        };
    }
    if (entry->body)
        entry->body->references++;
    return entry->body;
}

const struct body *answer_cache_get(struct answer_cache *answers, const struct answer_key *key)
{
    struct owned_body *body;

    pthread_mutex_lock(&answers->lock);
    body = answer_cache_get_locked(answers, key);
    pthread_mutex_unlock(&answers->lock);
    return body ? &body->body : NULL;
}

static struct owned_body *take_in_locked(struct answer_cache *answers, struct buffer *buffer)
{
    struct owned_body *body = answers->bytes > ANSWER_BYTES_MAX ? NULL : body_new(answers, KIND_OWN);

    if (!body)
        return NULL;
    body->buffer = *buffer;
    *buffer = (struct buffer){};
    return body_finish(answers, body);
}

const struct body *answer_cache_take_in(struct answer_cache *answers, struct buffer *buffer)
{
    struct owned_body *body;

    pthread_mutex_lock(&answers->lock);
    body = take_in_locked(answers, buffer);
    pthread_mutex_unlock(&answers->lock);
    return body ? &body->body : NULL;
}

void answer_cache_release(const struct body *body)
{
    struct owned_body *owned =
        (struct owned_body *)(uintptr_t)body; /* the first member of struct owned_body */
    struct answer_cache *answers = owned->answers;

    pthread_mutex_lock(&answers->lock);
    body_drop(answers, owned);
    pthread_mutex_unlock(&answers->lock);
}

size_t answer_cache_bytes(struct answer_cache *answers)
{
    size_t bytes;

    pthread_mutex_lock(&answers->lock);
    bytes = answers->bytes;
    pthread_mutex_unlock(&answers->lock);
    return bytes;
}
