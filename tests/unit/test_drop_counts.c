/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packet mode's events counted together, in any order, up to the limit. */

#include <errno.h>
#include <string.h>

#include "collectors/drops/drop_counts.h"
#include "tests/unit/unit.h"

static int add(struct drop_counts *counts, uint64_t location, const char *reason, enum drop_protocol protocol)
{
    struct drop_packet packet = {.location = location, .protocol = protocol};

    strcpy(packet.reason, reason);
    return drop_counts_add(counts, &packet, 1);
}

static uint64_t total(const struct drop_counts *counts)
{
    uint64_t total = 0;

    for (size_t i = 0; i < counts->count; i++)
        total += counts->items[i].count;
    return total;
}

static void test_merge(void **state)
{
    struct drop_counts counts = {};

    (void)state;
    for (unsigned i = 0; i < 100000; i++)
        assert_int_equal(add(&counts, 100 - i % 7, i % 2 ? "A" : "B", i % 3), 0);
    drop_counts_merge(&counts);
    assert_int_equal(counts.count, 7 * 2 * 3);
    assert_int_equal(total(&counts), 100000);
    assert_true(counts.capacity <= 512);
    for (size_t i = 0; i < counts.count; i++)
        assert_in_range(counts.items[i].count, 100000 / 42, 100000 / 42 + 1);
    /* What comes after a merge finds its kind again. */
    assert_int_equal(add(&counts, 100, "B", 0), 0);
    drop_counts_merge(&counts);
    assert_int_equal(counts.count, 42);
    assert_int_equal(total(&counts), 100001);
    drop_counts_clear(&counts);
    drop_counts_merge(&counts);
    assert_int_equal(counts.count, 0);
    assert_int_equal(add(&counts, 1, "", 0), 0);
    drop_counts_merge(&counts);
    assert_int_equal(counts.count, 1);
    assert_int_equal(counts.items[0].count, 1);
    drop_counts_done(&counts);
}

/* Too many kinds: some are refused, and what was accepted stands. */
static void test_limit(void **state)
{
    struct drop_counts counts = {};
    uint64_t accepted = 0;

    (void)state;
    for (unsigned i = 0; i < 3 * DROP_COUNTS_MAX; i++) {
        int error = add(&counts, i, "A", 0);

        assert_true(error == 0 || error == -ENOSPC);
        accepted += error == 0;
    }
    assert_int_equal(accepted, DROP_COUNTS_MAX);
    /* Known kinds still count where the last merge left room; refused ones are told. */
    drop_counts_merge(&counts);
    assert_int_equal(counts.count, DROP_COUNTS_MAX);
    assert_int_equal(total(&counts), accepted);
    drop_counts_done(&counts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_merge), cmocka_unit_test(test_limit)};

    return cmocka_run_group_tests_name("drop_counts", tests, NULL, NULL);
}
