/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/part_sum.h"

/* Sums whose parts go, come back, begin anew alone and together, drawn at random, against what was counted.
 */

#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"

enum { PARTS = 8, ROUNDS = 2000 };

struct world {
    struct sum_part parts[PARTS];
    bool there[PARTS];
    uint64_t kernel[PARTS];
    uint64_t counted; /* all that was counted since the last reset */
};

static uint64_t read_sum(struct world *world)
{
    struct sum_signs signs = {};
    uint64_t sum = 0;

    for (size_t i = 0; i < PARTS; i++)
        if (world->there[i])
            sum_look(&signs, &world->parts[i], world->kernel[i]);
    for (size_t i = 0; i < PARTS; i++)
        sum += world->there[i] ? sum_take(&world->parts[i], &signs, world->kernel[i])
                               : sum_take_gone(&world->parts[i], &signs);
    return sum;
}

static void count(struct world *world)
{
    for (size_t i = 0; i < PARTS; i++) {
        uint64_t more = world->there[i] ? (uint64_t)rand() % 100 + 1 : 0;

        world->kernel[i] += more;
        world->counted += more;
    }
}

static void test_parts_that_go_and_restart_stay_in_the_sum(void **state)
{
    struct world world = {.there = {true, true}};

    (void)state;
    srand(unit_seed());
    for (unsigned round = 0; round < ROUNDS; round++) {
        size_t i = (size_t)rand() % (PARTS - 1);

        count(&world);
        assert_int_equal(read_sum(&world), world.counted);
        if (rand() % 2)
            world.there[i] = !world.there[i];
        else
            world.kernel[i] = 0; /* here or gone: the last one goes on in any case */
        world.there[PARTS - 1] = true;
        assert_int_equal(read_sum(&world), world.counted);
    }
}

/* All begin anew: so does the sum, whatever was gone before, or goes and comes back since. (One that comes
 * back with more than it had when it went is taken to have gone on: they have too much here for that.) */
static void test_reset_of_all_is_a_reset_of_the_sum(void **state)
{
    (void)state;
    for (unsigned goes = 0; goes < 3; goes++) {
        struct world world = {.there = {true, true, true}, .kernel = {1000, 1000, 1000}, .counted = 3000};

        count(&world);
        assert_int_equal(read_sum(&world), world.counted);
        if (goes == 1) {
            world.there[2] = false;
            assert_int_equal(read_sum(&world), world.counted);
        }
        memset(world.kernel, 0, sizeof(world.kernel));
        world.counted = 0;
        if (goes == 2)
            world.there[2] = false; /* at the same moment */
        assert_int_equal(read_sum(&world), 0);
        count(&world);
        assert_int_equal(read_sum(&world), world.counted);
        world.there[2] = true;
        count(&world);
        assert_int_equal(read_sum(&world), world.counted);
    }
}

/* One part alone is what the kernel says. */
static void test_single_part_is_raw(void **state)
{
    static const uint64_t values[] = {0, 5, 3, 3, 0, UINT64_MAX, 1, 7};
    struct world world = {.there = {true}};

    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        world.kernel[0] = values[i];
        assert_int_equal(read_sum(&world), values[i]);
    }
}

/* A part at 0 is no witness that the others go on. */
static void test_idle_part_bears_no_witness(void **state)
{
    struct world world = {.there = {true, true}, .kernel = {100, 0}};

    (void)state;
    assert_int_equal(read_sum(&world), 100);
    world.kernel[0] = 3;
    world.kernel[1] = 4;
    assert_int_equal(read_sum(&world), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts_that_go_and_restart_stay_in_the_sum),
        cmocka_unit_test(test_reset_of_all_is_a_reset_of_the_sum),
        cmocka_unit_test(test_single_part_is_raw),
        cmocka_unit_test(test_idle_part_bears_no_witness),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
