#include "daemon/answers.h"

/*
 * See answers.h. One entry for each kind of answer that somebody asked for lately; the one lock orders
 * makers, so that simultaneous scrapers wait for one body. MHD's threads call get and release.
 */

#include <errno.h>
#include <libdeflate.h>
#include <pthread.h>
#include <stdlib.h>

#include "daemon/buffer.h"
#include "daemon/cleanup.h"
#include "daemon/clock.h"
#include "daemon/encode.h"
#include "daemon/gzip.h"
#include "daemon/health.h"
#include "daemon/registry.h"

enum { ENTRIES = 8, SPARES = 4, GZIP_LEVEL = 1 };

#define KEEP_NS NS_PER_SECOND

/* A page of so many bytes is nearly all rows, and gzip_lines() takes a third of the time for a tenth more
 * bytes. Names and help texts, most of a small page, need a search. */
#define GZIP_LINES_BYTES (256u * 1024)

struct owned_body {
    struct body body; /* first: what readers hold */
    struct answers *answers;
    unsigned references; /* under the lock */
    struct buffer buffer;
};

struct entry {
    struct answer_key key;
    struct owned_body *body; /* NULL: free */
    uint64_t generation;     /* of the registry when it was made */
    uint64_t made_ns;
};

struct answers {
    const struct registry *registry;
    struct health *health;
    pthread_mutex_t lock;
    struct entry entries[ENTRIES];
    struct owned_body *spares[SPARES];
    size_t bytes; /* of all bodies with references */
    struct snapshot *health_draft;
    struct buffer text; /* what gzip reads */
    struct libdeflate_compressor *compressor;
};

int answers_new(const struct registry *registry, struct health *health, struct answers **ret_answers)
{
    struct answers *answers = calloc(1, sizeof(*answers));

    if (!answers)
        return -ENOMEM;
    answers->registry = registry;
    answers->health = health;
    answers->health_draft = snapshot_new();
    answers->compressor = libdeflate_alloc_compressor(GZIP_LEVEL);
    pthread_mutex_init(&answers->lock, NULL);
    if (!answers->health_draft || !answers->compressor) {
        answers_free(answers);
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

/* Drops a reference; the last one makes the body a spare, or frees it where there are enough. */
static void body_drop(struct answers *answers, struct owned_body *body)
{
    if (--body->references)
        return;
    answers->bytes -= body->body.size;
    for (size_t i = 0; i < SPARES; i++) {
        if (!answers->spares[i]) {
            answers->spares[i] = body;
            return;
        }
    }
    body_free(body);
}

struct answers *answers_free(struct answers *answers)
{
    if (!answers)
        return NULL;
    for (size_t i = 0; i < ENTRIES; i++)
        if (answers->entries[i].body)
            body_drop(answers, answers->entries[i].body);
    for (size_t i = 0; i < SPARES; i++)
        if (answers->spares[i])
            body_free(answers->spares[i]);
    snapshot_unref(answers->health_draft);
    buffer_done(&answers->text);
    libdeflate_free_compressor(answers->compressor);
    pthread_mutex_destroy(&answers->lock);
    free(answers);
    return NULL;
}

static struct owned_body *body_new(struct answers *answers)
{
    struct owned_body *body = NULL;

    for (size_t i = 0; i < SPARES && !body; i++)
        body = take_ptr(answers->spares[i]);
    if (!body)
        body = calloc(1, sizeof(*body));
    if (!body)
        return NULL;
    body->answers = answers;
    body->references = 1;
    body->body.size = 0;
    buffer_clear(&body->buffer);
    return body;
}

/* The whole page: the health of the wanted collectors, then what each of them published last. */
static void answers_encode(struct answers *answers, const struct answer_key *key, uint64_t now_ns,
                           struct buffer *out)
{
    snapshot_clear(answers->health_draft);
    if (health_fill(answers->health, key->collectors, now_ns, answers->health_draft) < 0)
        out->error = -ENOMEM;
    encode_snapshot(out, answers->health_draft, key->exposition);
    for (size_t i = 0; i < registry_count(answers->registry); i++) {
        struct snapshot *snapshot = NULL;

        if (key->collectors >> i & 1)
            snapshot = registry_snapshot(answers->registry, i, now_ns);
        if (snapshot)
            encode_snapshot(out, snapshot, key->exposition);
        snapshot_unref(snapshot);
    }
    encode_end(out, key->exposition);
}

static void compress_search(struct answers *answers, struct buffer *out)
{
    size_t bound = libdeflate_gzip_compress_bound(answers->compressor, answers->text.size);
    char *at = buffer_reserve(out, bound);

    if (at)
        out->size =
            libdeflate_gzip_compress(answers->compressor, answers->text.data, answers->text.size, at, bound);
}

static void answers_compress(struct answers *answers, struct buffer *out)
{
    if (answers->text.size < GZIP_LINES_BYTES)
        compress_search(answers, out);
    else
        gzip_lines(out, answers->text.data, answers->text.size);
    if (answers->text.error)
        out->error = answers->text.error;
}

/* A body with one reference, the caller's; NULL: out of memory. */
static struct owned_body *answers_make(struct answers *answers, const struct answer_key *key, uint64_t now_ns)
{
    struct owned_body *body = body_new(answers);

    if (!body)
        return NULL;
    if (key->gzip) {
        buffer_clear(&answers->text);
        answers_encode(answers, key, now_ns, &answers->text);
        answers_compress(answers, &body->buffer);
    } else {
        answers_encode(answers, key, now_ns, &body->buffer);
    }
    if (body->buffer.error) {
        body_drop(answers, body);
        return NULL;
    }
    body->body = (struct body){.data = body->buffer.data, .size = body->buffer.size};
    answers->bytes += body->body.size;
    return body;
}

static bool key_equal(const struct answer_key *a, const struct answer_key *b)
{
    return a->collectors == b->collectors && a->exposition == b->exposition && a->gzip == b->gzip;
}

/* The key's entry, or the one to give up for it: a free one, else the oldest. */
static struct entry *answers_entry(struct answers *answers, const struct answer_key *key)
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

static struct owned_body *answers_get_locked(struct answers *answers, const struct answer_key *key)
{
    uint64_t generation = registry_generation(answers->registry); /* before encoding: never too young */
    uint64_t now_ns = clock_boottime_ns();
    struct entry *entry = answers_entry(answers, key);

    if (!entry->body || !key_equal(&entry->key, key) || entry->generation != generation ||
        now_ns >= entry->made_ns + KEEP_NS) {
        if (entry->body)
            body_drop(answers, entry->body);
        *entry = (struct entry){
            .key = *key,
            .generation = generation,
            .made_ns = now_ns,
            .body = answers_make(answers, key, now_ns),
        };
    }
    if (entry->body)
        entry->body->references++;
    return entry->body;
}

const struct body *answers_get(struct answers *answers, const struct answer_key *key)
{
    struct owned_body *body;

    pthread_mutex_lock(&answers->lock);
    body = answers_get_locked(answers, key);
    pthread_mutex_unlock(&answers->lock);
    return body ? &body->body : NULL;
}

void answers_release(const struct body *body)
{
    struct owned_body *owned = (struct owned_body *)(uintptr_t)body; /* its first member */
    struct answers *answers = owned->answers;

    pthread_mutex_lock(&answers->lock);
    body_drop(answers, owned);
    pthread_mutex_unlock(&answers->lock);
}

size_t answers_bytes(struct answers *answers)
{
    size_t bytes;

    pthread_mutex_lock(&answers->lock);
    bytes = answers->bytes;
    pthread_mutex_unlock(&answers->lock);
    return bytes;
}
