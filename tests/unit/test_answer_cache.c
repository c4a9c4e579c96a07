/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finished answers: kept until a snapshot changes, shared, recycled, and never changed while a reader holds
 * them. */

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include <libdeflate.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "daemon/encode/answer_cache.h"
#include "daemon/run/registry.h"
#include "daemon/run/self_metrics.h"
#include "tests/unit/unit.h"

static struct registry *registry;
static struct self_metrics *health;
static struct answer_cache *answers;
static struct limits limits;

static void publish(uint64_t value)
{
    static const struct metric metric = {.name = "t_value_total", .help = "Value", .type = METRIC_COUNTER};
    struct snapshot *snapshot = snapshot_new();
    uint64_t now_ns = clock_boottime_ns();
    struct column_set *columns;
    struct row_set *rows;

    assert_int_equal(column_set_new(&metric, 1, &columns), 0);
    assert_int_equal(row_set_new(NULL, 0, &rows), 0);
    assert_int_equal(row_set_add(rows, NULL), 0);
    row_set_seal(rows);
    table_set(snapshot_add_table(snapshot, columns, rows), 0, 0, value);
    registry_begin(registry, 0, now_ns);
    registry_publish(registry, 0, snapshot, now_ns, 1);
    column_set_unref(columns);
    row_set_unref(rows);
    snapshot_unref(snapshot);
}

static int setup(void **state)
{
    static const char *const names[] = {"first", "second"};

    (void)state;
    assert_int_equal(registry_new(2, &registry), 0);
    registry_enable(registry, 0, NS_PER_SECOND, 3600 * NS_PER_SECOND);
    registry_enable(registry, 1, NS_PER_SECOND, 3600 * NS_PER_SECOND);
    assert_int_equal(self_metrics_new(registry, &limits, names, &health), 0);
    return answer_cache_new(registry, health, NULL, &answers);
}

static int teardown(void **state)
{
    (void)state;
    answers = answer_cache_free(answers);
    health = self_metrics_free(health);
    registry = registry_free(registry);
    return 0;
}

static const struct body *get(enum exposition exposition, bool gzip)
{
    const struct answer_key key = {.collectors = UINT64_MAX, .exposition = exposition, .gzip = gzip};
    const struct body *body = answer_cache_get(answers, &key);

    assert_non_null(body);
    return body;
}

static bool contains(const struct body *body, const char *text)
{
    return memmem(body->data, body->size, text, strlen(text)) != NULL;
}

static void test_kept_until_a_snapshot_changes(void **state)
{
    const struct body *first, *second, *third;

    (void)state;
    publish(1);
    /* A second may end between the two: then they differ once, never twice. */
    for (int tries = 0; tries < 2; tries++) {
        first = get(EXPOSITION_TEXT, false);
        second = get(EXPOSITION_TEXT, false);
        answer_cache_release(first);
        answer_cache_release(second);
        if (first == second)
            break;
    }
    assert_ptr_equal(first, second);
    first = get(EXPOSITION_TEXT, false);
    publish(2);
    third = get(EXPOSITION_TEXT, false);
    assert_true(contains(first, "\nt_value_total 1\n")); /* what a reader holds stays as it was */
    assert_true(contains(third, "\nt_value_total 2\n"));
    assert_int_equal(answer_cache_bytes(answers), first->size + third->size);
    answer_cache_release(first);
    assert_int_equal(answer_cache_bytes(answers), third->size);
    answer_cache_release(third);
}

static void test_formats_and_gzip_hold_the_same(void **state)
{
    struct libdeflate_decompressor *decompressor = libdeflate_alloc_decompressor();
    const struct body *text, *open, *gzip;
    char unpacked[65536];
    size_t size;

    (void)state;
    publish(UINT64_MAX);
    text = get(EXPOSITION_TEXT, false);
    open = get(EXPOSITION_OPENMETRICS, false);
    gzip = get(EXPOSITION_TEXT, true);
    assert_true(contains(text, "\nt_value_total 18446744073709551615\n"));
    assert_false(contains(text, "# EOF"));
    assert_memory_equal(open->data + open->size - 6, "# EOF\n", 6);
    assert_int_equal(
        libdeflate_gzip_decompress(decompressor, gzip->data, gzip->size, unpacked, sizeof(unpacked), &size),
        LIBDEFLATE_SUCCESS);
    assert_int_equal(size, text->size);
    assert_non_null(memmem(unpacked, size, "t_value_total 18446744073709551615\n", 35));
    answer_cache_release(text);
    answer_cache_release(open);
    answer_cache_release(gzip);
    libdeflate_free_decompressor(decompressor);
}

static void test_only_the_collectors_asked_for(void **state)
{
    const struct answer_key key = {.collectors = 2};
    const struct body *body;

    (void)state;
    publish(1);
    body = answer_cache_get(answers, &key);
    assert_false(contains(body, "t_value_total"));
    assert_true(contains(body, "collector=\"second\""));
    assert_false(contains(body, "collector=\"first\""));
    answer_cache_release(body);
}

static void test_more_kinds_than_are_kept(void **state)
{
    (void)state;
    publish(1);
    for (uint64_t round = 0; round < 3; round++) {
        for (uint64_t mask = 0; mask < 32; mask++) {
            const struct answer_key key = {.collectors = mask};
            const struct body *body = answer_cache_get(answers, &key);

            assert_int_equal(contains(body, "t_value_total 1"), mask & 1);
            answer_cache_release(body);
        }
    }
}

/* A format that somebody tried once takes no memory for long. */
static void test_only_what_can_be_served_is_kept(void **state)
{
    const struct body *body;

    (void)state;
    publish(1);
    for (unsigned kind = 0; kind < 4; kind++)
        answer_cache_release(get(kind & 1 ? EXPOSITION_TEXT : EXPOSITION_OPENMETRICS, kind & 2));
    publish(2);
    body = get(EXPOSITION_TEXT, true);
    assert_int_equal(answer_cache_bytes(answers), body->size);
    answer_cache_release(body);
}

/* What others made: counted with the rest, released like it, and bounded. */
static void test_bodies_taken_in(void **state)
{
    static const char block[1 << 20] = {};
    const struct body *taken[ANSWER_BYTES_MAX / sizeof(block)], *metrics, *next;
    struct buffer buffer = {.error = -ENOMEM};
    size_t before;

    (void)state;
    publish(3);
    answer_cache_release(get(EXPOSITION_TEXT, false));
    before = answer_cache_bytes(answers);
    assert_null(answer_cache_take_in(answers, &buffer));
    buffer_clear(&buffer);
    for (size_t i = 0; i < ELEMENTS(taken); i++) {
        buffer_append(&buffer, block, sizeof(block));
        taken[i] = answer_cache_take_in(answers, &buffer);
        assert_non_null(taken[i]);
        assert_null(buffer.data);
        assert_int_equal(taken[i]->size, sizeof(block));
    }
    assert_int_equal(answer_cache_bytes(answers), before + ELEMENTS(taken) * sizeof(block));
    buffer_text(&buffer, "one more");
    assert_null(answer_cache_take_in(answers, &buffer));
    /* The metrics are everybody's, and served still, as they were: none are made anew. */
    publish(4);
    metrics = get(EXPOSITION_TEXT, false);
    assert_true(contains(metrics, "\nt_value_total 3\n"));
    answer_cache_release(metrics);
    answer_cache_release(taken[0]);
    taken[0] = answer_cache_take_in(answers, &buffer);
    assert_non_null(taken[0]);
    for (size_t i = 0; i < ELEMENTS(taken); i++)
        answer_cache_release(taken[i]);
    next = get(EXPOSITION_TEXT, false);
    assert_true(contains(next, "\nt_value_total 4\n"));
    assert_int_equal(answer_cache_bytes(answers), next->size);
    answer_cache_release(next);
}

static void *scrape(void *data)
{
    (void)data;
    for (int i = 0; i < 500; i++) {
        const struct body *body = get(i & 1 ? EXPOSITION_TEXT : EXPOSITION_OPENMETRICS, i & 2);

        assert_true(body->size > 100);
        answer_cache_release(body);
    }
    return NULL;
}

static void test_many_at_once(void **state)
{
    pthread_t threads[8];

    (void)state;
    publish(0);
    for (size_t i = 0; i < ELEMENTS(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, scrape, NULL), 0);
    for (uint64_t value = 1; value < 200; value++)
        publish(value);
    for (size_t i = 0; i < ELEMENTS(threads); i++)
        pthread_join(threads[i], NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_kept_until_a_snapshot_changes),
        TEST(test_formats_and_gzip_hold_the_same),
        TEST(test_only_the_collectors_asked_for),
        TEST(test_more_kinds_than_are_kept),
        TEST(test_only_what_can_be_served_is_kept),
        TEST(test_bodies_taken_in),
        TEST(test_many_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
