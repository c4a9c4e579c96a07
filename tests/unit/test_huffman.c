/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Huffman codes: complete, free of prefixes, of 15 bits at most, and as short as Huffman's. */

#include "base/cleanup.h"
#include "daemon/encode/huffman.h"
#include "tests/unit/unit.h"

static struct huffman_code codes[HUFFMAN_SYMBOLS_MAX];

/* Every sequence of bits is a sequence of codes, in one way: the codes of a size follow one another, and
 * those of the next size follow them. */
static void check_canonical(const uint32_t *counts, size_t count)
{
    uint32_t expected = 0;

    huffman_codes(counts, count, codes);
    for (unsigned size = 1; size <= HUFFMAN_SIZE_MAX; size++, expected <<= 1) {
        for (size_t i = 0; i < count; i++) {
            uint32_t code = 0;

            if (codes[i].size != size)
                continue;
            for (unsigned bit = 0; bit < size; bit++)
                code = code << 1 | (codes[i].bits >> bit & 1);
            assert_int_equal(codes[i].bits >> size, 0);
            assert_int_equal(code, expected++);
        }
    }
    assert_int_equal(expected, 2u << HUFFMAN_SIZE_MAX); /* all of them taken, and shifted once more */
    for (size_t i = 0; i < count; i++)
        assert_int_equal(codes[i].size == 0, counts[i] == 0);
}

static void test_sizes(void **state)
{
    static const struct {
        uint32_t counts[6];
        uint8_t sizes[6];
    } cases[] = {
        {{1, 0, 1}, {1, 0, 1}},
        {{7, 7, 7, 7}, {2, 2, 2, 2}},
        {{800, 400, 200, 100, 50, 50}, {1, 2, 3, 4, 5, 5}},
        {{0, 1000000, 0, 1, 1, 0}, {0, 1, 0, 2, 2, 0}},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        check_canonical(cases[i].counts, ELEMENTS(cases[i].counts));
        for (size_t symbol = 0; symbol < ELEMENTS(cases[i].sizes); symbol++)
            assert_int_equal(codes[symbol].size, cases[i].sizes[symbol]);
    }
}

static void test_sizes_are_limited(void **state)
{
    uint32_t counts[40] = {1, 1};

    (void)state;
    for (size_t i = 2; i < ELEMENTS(counts); i++) /* Fibonacci's: Huffman's longest code has 39 bits */
        counts[i] = counts[i - 1] + counts[i - 2];
    check_canonical(counts, ELEMENTS(counts));
    assert_in_range(codes[ELEMENTS(counts) - 1].size, 1, 2);
}

static void test_all_symbols(void **state)
{
    uint32_t counts[HUFFMAN_SYMBOLS_MAX], random = 1;

    (void)state;
    for (size_t round = 0; round < 200; round++) {
        for (size_t i = 0; i < ELEMENTS(counts); i++) {
            random = random * 1664525 + 1013904223;
            counts[i] = random >> 16 >> (random >> 8 & 15);
        }
        counts[0] = counts[ELEMENTS(counts) - 1] = 1;
        check_canonical(counts, ELEMENTS(counts));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_sizes_are_limited),
        cmocka_unit_test(test_all_symbols),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
