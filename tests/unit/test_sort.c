/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sorting without memory of its own, against qsort(). */

#include <stdlib.h>
#include <string.h>

#include "base/sort.h"
#include "tests/unit/unit.h"

enum { COUNT_MAX = 300, ROUNDS = 2000 };

static size_t item_size;

static int compare_bytes(const void *a, const void *b)
{
    return memcmp(a, b, item_size);
}

/* Few values, so that many are alike; items are of any size. */
static void test_as_qsort(void **state)
{
    static unsigned char items[COUNT_MAX * SORT_SIZE_MAX], wanted[sizeof(items)];

    (void)state;
    srand(1);
    for (int round = 0; round < ROUNDS; round++) {
        size_t count = (size_t)rand() % (COUNT_MAX + 1);
        int values = 1 + rand() % 256;

        item_size = 1 + (size_t)rand() % (round % 2 ? 8 : SORT_SIZE_MAX);
        for (size_t i = 0; i < count * item_size; i++)
            items[i] = (unsigned char)(rand() % values);
        memcpy(wanted, items, count * item_size);
        qsort(wanted, count, item_size, compare_bytes);
        sort_items(items, count, item_size, compare_bytes);
        assert_memory_equal(items, wanted, count * item_size);
        sort_items(items, count, item_size, compare_bytes);
        assert_memory_equal(items, wanted, count * item_size);
    }
}

static int compare_numbers(const void *a, const void *b)
{
    int left = *(const int *)a, right = *(const int *)b;

    return left < right ? -1 : left > right;
}

static void test_in_order_and_backwards(void **state)
{
    int items[1000];

    (void)state;
    for (int up = 0; up < 2; up++) {
        for (int i = 0; i < 1000; i++)
            items[i] = up ? i : 1000 - i;
        sort_items(items, 1000, sizeof(items[0]), compare_numbers);
        for (int i = 0; i < 1000; i++)
            assert_int_equal(items[i], up ? i : i + 1);
    }
    sort_items(items, 0, sizeof(items[0]), compare_numbers);
    sort_items(items, 1, sizeof(items[0]), compare_numbers);
    assert_int_equal(items[0], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_qsort),
        cmocka_unit_test(test_in_order_and_backwards),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
