/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The writer of DEFLATE blocks: what libdeflate reads is the text, whatever was repeated from where. */

#include <libdeflate.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "daemon/encode/deflate.h"
#include "tests/unit/unit.h"

static struct deflate deflate;
static struct buffer out;

static void check_round_trip(const char *text, size_t size)
{
    _cleanup_(freep) char *copy = malloc(size + 1);
    struct libdeflate_decompressor *decompressor = libdeflate_alloc_decompressor();
    size_t taken = 0, made = 0;

    assert_int_equal(out.error, 0);
    assert_int_equal(
        libdeflate_deflate_decompress_ex(decompressor, out.data, out.size, copy, size, &taken, &made),
        LIBDEFLATE_SUCCESS);
    libdeflate_free_decompressor(decompressor);
    assert_int_equal(taken, out.size);
    assert_int_equal(made, size);
    assert_memory_equal(copy, text, size);
    buffer_clear(&out);
}

static void test_nothing(void **state)
{
    (void)state;
    deflate_begin(&deflate, &out, "");
    deflate_end(&deflate, "");
    check_round_trip("", 0);
}

static void test_literals(void **state)
{
    char text[1024];

    (void)state;
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (char)(i * i / 3);
    for (size_t size = 1; size <= sizeof(text); size += 11) {
        deflate_begin(&deflate, &out, text);
        deflate_end(&deflate, text + size);
        check_round_trip(text, size);
    }
}

/* Bytes without a period, up to the distance; then the repetition. */
static void check_repeat(size_t length, size_t distance)
{
    static char text[DEFLATE_DISTANCE_MAX + DEFLATE_MATCH_MAX + 1];
    uint32_t random = 7;

    for (size_t i = 0; i < distance; i++) {
        random = random * 1664525 + 1013904223;
        text[i] = (char)(random >> 24);
    }
    for (size_t i = 0; i < length; i++)
        text[distance + i] = text[i];
    text[distance + length] = '!';
    deflate_begin(&deflate, &out, text);
    deflate_repeat(&deflate, text + distance, length, distance);
    deflate_end(&deflate, text + distance + length + 1);
    check_round_trip(text, distance + length + 1);
}

static void test_every_length(void **state)
{
    (void)state;
    for (size_t length = DEFLATE_MATCH_MIN; length <= DEFLATE_MATCH_MAX; length++)
        check_repeat(length, 300);
}

static void test_every_distance_code(void **state)
{
    (void)state;
    for (size_t distance = 1; distance <= DEFLATE_DISTANCE_MAX; distance = distance * 5 / 4 + 1) {
        check_repeat(20, distance);
        check_repeat(DEFLATE_MATCH_MAX, distance);
    }
    for (size_t power = 4; power <= DEFLATE_DISTANCE_MAX; power *= 2) {
        check_repeat(3, power - 1);
        check_repeat(3, power);
        if (power < DEFLATE_DISTANCE_MAX)
            check_repeat(3, power + 1);
    }
}

/* A block that is full ends, and the next begins, at any bit; matches reach into the block before. */
static void test_many_blocks(void **state)
{
    static const size_t cases[] = {
        0, DEFLATE_MATCHES - 1, DEFLATE_MATCHES, DEFLATE_MATCHES + 1, 2 * DEFLATE_MATCHES, 40000,
    };
    enum { STEP = 7 };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        size_t size = (cases[i] + 1) * STEP;
        _cleanup_(freep) char *text = malloc(size);

        for (size_t at = 0; at < size; at++)
            text[at] = at % STEP < 4 ? "abcd"[at % STEP] : (char)('0' + at / STEP * (at % STEP) % 71);
        deflate_begin(&deflate, &out, text);
        for (size_t step = 1; step <= cases[i]; step++)
            deflate_repeat(&deflate, text + step * STEP, 4, step % 3000 ? STEP : 3000 * STEP);
        deflate_end(&deflate, text + size);
        check_round_trip(text, size);
    }
}

static int teardown(void **state)
{
    (void)state;
    buffer_done(&out);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing),      cmocka_unit_test(test_literals),
        cmocka_unit_test(test_every_length), cmocka_unit_test(test_every_distance_code),
        cmocka_unit_test(test_many_blocks),
    };

    return cmocka_run_group_tests(tests, NULL, teardown);
}
