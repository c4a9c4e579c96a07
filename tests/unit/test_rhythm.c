/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When they ask next: scrapers in and out of phase, jitter, a flood, people. */

#include "base/cleanup.h"
#include "daemon/run/rhythm.h"
#include "tests/unit/unit.h"

#define SECOND NS_PER_SECOND
#define MS     (NS_PER_SECOND / 1000)

static struct rhythm rhythm;

static int setup(void **state)
{
    (void)state;
    rhythm = (struct rhythm){};
    return 0;
}

static void test_one_scraper(void **state)
{
    uint64_t now_ns = 100 * SECOND;

    (void)state;
    for (int i = 0; i < 200; i++, now_ns += 15 * SECOND) {
        assert_int_equal(rhythm_note(&rhythm, 1, now_ns), i < 2 ? 0 : 15 * SECOND);
        assert_int_equal(rhythm_next(&rhythm, 0, now_ns), i < 2 ? UINT64_MAX : now_ns + 15 * SECOND);
        assert_int_equal(rhythm_next(&rhythm, 1, now_ns), UINT64_MAX); /* nobody asks for that one */
    }
    assert_int_equal(rhythm_next(&rhythm, 0, now_ns), now_ns + 15 * SECOND); /* it stays away, once */
    assert_int_equal(rhythm_next(&rhythm, 0, now_ns + 15 * SECOND), UINT64_MAX);
}

/* Who is late once, or does not come at all, comes in time again. */
static void test_late_and_missing(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 40; i++) {
        uint64_t at_ns = (100 + i * 15) * SECOND, late_ns = i % 5 == 4 ? 400 * MS : 0;
        uint64_t next_ns;

        if (i % 7 == 6)
            continue;
        assert_true(i < 5 || rhythm_note(&rhythm, 1, at_ns + late_ns));
        if (i < 5)
            (void)rhythm_note(&rhythm, 1, at_ns);
        next_ns = rhythm_next(&rhythm, 0, at_ns + late_ns);
        if (i > 5)
            assert_in_range(next_ns, at_ns + 15 * SECOND - 200 * MS, at_ns + 15 * SECOND + 200 * MS);
    }
}

/* Two out of phase, however far, and each a little late at times. */
static void test_two_scrapers(void **state)
{
    (void)state;
    for (uint64_t offset = 300; offset < 15000; offset += 700) {
        uint64_t begin_ns = 100 * SECOND;

        rhythm = (struct rhythm){};
        for (uint64_t i = 0; i < 20; i++) {
            uint64_t jitter = i * 7919 % 13, at_ns = begin_ns + i * 15 * SECOND + jitter * MS;
            uint64_t period_ns = rhythm_note(&rhythm, 1, at_ns);
            uint64_t next_ns = rhythm_next(&rhythm, 0, at_ns);

            if (i >= 6) {
                assert_in_range(period_ns, SECOND / 2, 15100 * MS);
                assert_true(next_ns <= begin_ns + i * 15 * SECOND + (offset + 300) * MS);
            }
            at_ns = begin_ns + i * 15 * SECOND + offset * MS;
            period_ns = rhythm_note(&rhythm, 1, at_ns);
            next_ns = rhythm_next(&rhythm, 0, at_ns);
            if (i >= 6) {
                assert_in_range(period_ns, SECOND / 2, 15100 * MS);
                assert_true(next_ns <= begin_ns + (i + 1) * 15 * SECOND + 300 * MS);
            }
        }
    }
}

static void test_each_asks_for_his_own(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 5; i++) {
        (void)rhythm_note(&rhythm, 1, (100 + i * 10) * SECOND);
        (void)rhythm_note(&rhythm, 2, (103 + i * 10) * SECOND);
    }
    assert_int_equal(rhythm_next(&rhythm, 0, 143 * SECOND), 150 * SECOND);
    assert_int_equal(rhythm_next(&rhythm, 1, 143 * SECOND), 153 * SECOND);
}

/* People ask when they like: nothing is foreseen. */
static void test_no_period(void **state)
{
    static const unsigned at[] = {1, 3, 11, 14, 31, 42, 75, 160, 280, 600};

    (void)state;
    for (size_t i = 0; i < ELEMENTS(at); i++) {
        uint64_t period_ns = rhythm_note(&rhythm, 1, (1000 + at[i]) * SECOND);

        assert_int_equal(period_ns, 0);
        assert_int_equal(rhythm_next(&rhythm, 0, 0), UINT64_MAX);
    }
}

/* Who come together are one, and a flood is not ten thousand scrapers. */
static void test_flood(void **state)
{
    unsigned known = 0;

    (void)state;
    for (uint64_t i = 0; i < 100000; i++)
        known += rhythm_note(&rhythm, 1, 100 * SECOND + i * SECOND / 10000) > 0;
    assert_true(known <= 200); /* of ten seconds */
    assert_true(rhythm.count <= 201);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_one_scraper, setup),
        cmocka_unit_test_setup(test_late_and_missing, setup),
        cmocka_unit_test_setup(test_two_scrapers, setup),
        cmocka_unit_test_setup(test_each_asks_for_his_own, setup),
        cmocka_unit_test_setup(test_no_period, setup),
        cmocka_unit_test_setup(test_flood, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
