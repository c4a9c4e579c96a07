/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hash, against known values, and the index: growth, items of the same hash, and memory that there is
 * none of.
 */

#include "base/hash.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "tests/unit/unit.h"

static bool memory_is_short;

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

void *__wrap_calloc(size_t count, size_t size)
{
    return memory_is_short ? NULL : __real_calloc(count, size);
}

/* From the authors' list of test vectors (http://www.isthe.com/chongo/tech/comp/fnv). */
static void test_known_values(void **state)
{
    (void)state;
    assert_true(hash_bytes(HASH_EMPTY, "", 0) == UINT64_C(0xcbf29ce484222325));
    assert_true(hash_bytes(HASH_EMPTY, "a", 1) == UINT64_C(0xaf63dc4c8601ec8c));
    assert_true(hash_bytes(HASH_EMPTY, "foobar", 6) == UINT64_C(0x85944171f73967e8));
    assert_true(hash_text(HASH_EMPTY, "foobar") == hash_bytes(HASH_EMPTY, "foobar", 7));
    assert_true(hash_bytes(hash_bytes(HASH_EMPTY, "foo", 3), "bar", 3) ==
                hash_bytes(HASH_EMPTY, "foobar", 6));
}

static void test_where_a_text_ends(void **state)
{
    (void)state;
    assert_true(hash_text(hash_text(HASH_EMPTY, "ab"), "c") != hash_text(hash_text(HASH_EMPTY, "a"), "bc"));
    assert_true(hash_text(HASH_EMPTY, "") != HASH_EMPTY);
}

/* Words that differ in one bit only, however high: each is seen in the half that an index goes by. */
static void test_each_bit_of_a_word_counts(void **state)
{
    (void)state;
    for (unsigned a = 0; a < 64; a++)
        for (unsigned b = 0; b < a; b++)
            assert_int_not_equal(hash_half(hash_word(HASH_EMPTY, UINT64_C(1) << a)),
                                 hash_half(hash_word(HASH_EMPTY, UINT64_C(1) << b)));
}

static uint64_t number_hash(size_t number)
{
    char text[32];

    (void)snprintf(text, sizeof(text), "eth%zu", number);
    return hash_text(HASH_EMPTY, text);
}

static void test_nothing_in_an_empty_one(void **state)
{
    struct hash_index index = {};

    (void)state;
    assert_true(hash_index_find(&index, HASH_EMPTY, item, item == item) == HASH_NONE);
    hash_index_clear(&index);
    hash_index_done(&index);
}

static void test_growth_keeps_all(void **state)
{
    enum { COUNT = 100000 };
    _cleanup_(hash_index_done) struct hash_index index = {};

    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        assert_true(hash_index_find(&index, number_hash(i), item, item == i) == HASH_NONE);
        assert_int_equal(hash_index_add(&index, number_hash(i), i), 0);
        assert_true(2 * index.count <= index.slot_count);
    }
    assert_int_equal(index.count, COUNT);
    assert_true(index.slot_count <= (size_t)4 * COUNT);
    for (size_t i = 0; i < COUNT; i++)
        assert_true(hash_index_find(&index, number_hash(i), item, item == i) == i);
    assert_true(hash_index_find(&index, number_hash(COUNT), item, item == COUNT) == HASH_NONE);
}

/* A hash from `first` on that leads to this slot of sixteen. */
static uint64_t hash_of_slot(uint32_t slot, uint64_t first)
{
    while ((hash_half(first) & 15) != slot)
        first++;
    return first;
}

/* All in a row of slots that goes around the end: told apart by who asks. */
static void test_items_of_one_hash(void **state)
{
    static const char *const names[] = {"one", "two", "three", "four", "five", "six", "seven", "eight"};
    const uint64_t last_slot = hash_of_slot(15, 0);
    _cleanup_(hash_index_done) struct hash_index index = {};

    (void)state;
    for (size_t i = 0; i < ELEMENTS(names); i++)
        assert_int_equal(hash_index_add(&index, last_slot, i), 0);
    assert_int_equal(index.slot_count, 16);
    for (size_t i = 0; i < ELEMENTS(names); i++)
        assert_true(hash_index_find(&index, last_slot, item, !strcmp(names[item], names[i])) == i);
    assert_true(hash_index_find(&index, last_slot, item, !strcmp(names[item], "nine")) == HASH_NONE);
}

/* Two that share a slot, and not the hash, are not compared. */
static void test_others_are_not_compared(void **state)
{
    const uint64_t hash = hash_of_slot(3, 0), other = hash_of_slot(3, hash + 1);
    _cleanup_(hash_index_done) struct hash_index index = {};
    unsigned compared = 0;

    (void)state;
    assert_int_equal(hash_index_add(&index, hash, 7), 0);
    assert_true(hash_index_find(&index, other, item, ++compared && item == 7) == HASH_NONE);
    assert_int_equal(compared, 0);
    assert_true(hash_index_find(&index, hash, item, ++compared && item == 7) == 7);
    assert_int_equal(compared, 1);
}

static void test_cleared_and_filled_again(void **state)
{
    _cleanup_(hash_index_done) struct hash_index index = {};
    const struct hash_slot *slots;

    (void)state;
    assert_int_equal(hash_index_reserve(&index, 1000), 0);
    slots = index.slots;
    for (size_t round = 0; round < 3; round++) {
        for (size_t i = 0; i < 1000; i++)
            assert_int_equal(hash_index_add(&index, number_hash(i + round), i), 0);
        assert_ptr_equal(index.slots, slots);
        assert_true(hash_index_find(&index, number_hash(round), item, item == 0) == 0);
        hash_index_clear(&index);
        assert_true(hash_index_find(&index, number_hash(round), item, item == 0) == HASH_NONE);
        assert_int_equal(index.count, 0);
    }
}

static void test_out_of_memory(void **state)
{
    _cleanup_(hash_index_done) struct hash_index index = {};

    (void)state;
    memory_is_short = true;
    assert_int_equal(hash_index_add(&index, 1, 0), -ENOMEM);
    assert_int_equal(hash_index_reserve(&index, 1), -ENOMEM);
    assert_null(index.slots);
    memory_is_short = false;
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(hash_index_add(&index, number_hash(i), i), 0);
    memory_is_short = true;
    assert_int_equal(hash_index_add(&index, number_hash(8), 8), -ENOMEM);
    memory_is_short = false;
    assert_int_equal(index.count, 8);
    for (size_t i = 0; i < 9; i++)
        assert_true(hash_index_find(&index, number_hash(i), item, item == i) == (i < 8 ? i : HASH_NONE));
    assert_int_equal(hash_index_add(&index, number_hash(8), 8), 0);
    assert_true(hash_index_find(&index, number_hash(8), item, item == 8) == 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_values),
        cmocka_unit_test(test_where_a_text_ends),
        cmocka_unit_test(test_each_bit_of_a_word_counts),
        cmocka_unit_test(test_nothing_in_an_empty_one),
        cmocka_unit_test(test_growth_keeps_all),
        cmocka_unit_test(test_items_of_one_hash),
        cmocka_unit_test(test_others_are_not_compared),
        cmocka_unit_test(test_cleared_and_filled_again),
        cmocka_unit_test(test_out_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
