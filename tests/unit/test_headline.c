/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which incident is told first, and for how long; what rules usually refuse; what comes in bursts. Time is
 * the test's own. */

#include "base/cleanup.h"
#include "daemon/incident/bursts.h"
#include "daemon/incident/headline.h"
#include "daemon/incident/refusals.h"
#include "tests/unit/unit.h"

#define SECOND NS_PER_SECOND

static struct ledger_key keys[3];
static struct headline_candidate candidates[3];
static struct headline headline;
static uint64_t now_ns;

static int set_up(void **state)
{
    (void)state;
    headline = (struct headline){};
    now_ns = 1000 * SECOND;
    for (size_t i = 0; i < ELEMENTS(keys); i++) {
        keys[i] =
            ledger_key(STAGE_NIC, DIRECTION_RECEIVE, LOSS_CAPACITY, (const char *[]){"a", "b", "c"}[i], "x");
        candidates[i] = (struct headline_candidate){.key = &keys[i], .colour = COLOUR_RED};
    }
    return 0;
}

/* Which is told `seconds` later, at these rates; '-': none. */
static char told(unsigned seconds, double a, double b, double c)
{
    size_t first;

    now_ns += seconds * SECOND;
    candidates[0].rate = a;
    candidates[1].rate = b;
    candidates[2].rate = c;
    first = headline_choose(&headline, candidates, ELEMENTS(candidates), now_ns);
    return first < ELEMENTS(candidates) ? keys[first].device[0] : '-';
}

static void test_rates_that_change_places(void **state)
{
    (void)state;
    assert_int_equal(told(0, 100, 90, 80), 'a');
    for (unsigned i = 0; i < 40; i++)
        assert_int_equal(told(1, 100, i % 2 ? 150 : 60, i % 3 ? 190 : 20), 'a');
}

static void test_twice_as_bad_for_a_while(void **state)
{
    (void)state;
    assert_int_equal(told(0, 100, 90, 0), 'a');
    assert_int_equal(told(5, 100, 200, 0), 'a');
    assert_int_equal(told(14, 100, 200, 0), 'a');
    assert_int_equal(told(1, 100, 200, 0), 'b');
    assert_int_equal(told(5, 300, 200, 0), 'b');
    /* What was less bad for a moment begins anew. */
    assert_int_equal(told(5, 400, 200, 0), 'b');
    assert_int_equal(told(10, 390, 200, 0), 'b');
    assert_int_equal(told(10, 400, 200, 0), 'b');
    assert_int_equal(told(15, 400, 200, 0), 'a');
}

static void test_a_worse_colour_at_once(void **state)
{
    (void)state;
    candidates[0].colour = COLOUR_AMBER;
    candidates[1].colour = COLOUR_GREEN;
    candidates[2].colour = COLOUR_GREEN;
    assert_int_equal(told(0, 100, 900, 900), 'a');
    candidates[1].colour = COLOUR_RED;
    assert_int_equal(told(1, 100, 1, 900), 'b');
    candidates[1].colour = COLOUR_GREEN;
    assert_int_equal(told(1, 100, 1, 900), 'a');
    candidates[0].colour = COLOUR_GREEN;
    assert_int_equal(told(1, 100, 1, 900), '-');
}

static void test_one_that_pauses_stays(void **state)
{
    (void)state;
    assert_int_equal(told(0, 100, 0, 0), 'a');
    assert_int_equal(told(30, 0, 0, 0), 'a');
    assert_int_equal(told(1, 0, 1, 0), 'a');
    assert_int_equal(told(15, 0, 1, 0), 'b');
}

static void test_what_rules_usually_refuse(void **state)
{
    const uint64_t hour = 3600 * SECOND;
    struct refusals refusals = {.start_ns = 7 * SECOND};
    double rates[DIRECTION_COUNT] = {[DIRECTION_RECEIVE] = 5};

    (void)state;
    refusals_note(&refusals, rates, 7 * SECOND);
    assert_false(refusals_known(&refusals));
    rates[DIRECTION_RECEIVE] = 2;
    refusals_note(&refusals, rates, 7 * SECOND + hour);
    assert_true(refusals_known(&refusals));
    /* This hour's own is not compared with. */
    rates[DIRECTION_RECEIVE] = 90;
    refusals_note(&refusals, rates, 8 * SECOND + hour);
    assert_float_equal(refusals_greatest(&refusals, DIRECTION_RECEIVE), 5, 1e-9);
    assert_float_equal(refusals_greatest(&refusals, DIRECTION_TRANSMIT), 0, 1e-9);
    rates[DIRECTION_RECEIVE] = 1;
    refusals_note(&refusals, rates, 7 * SECOND + 2 * hour);
    assert_float_equal(refusals_greatest(&refusals, DIRECTION_RECEIVE), 90, 1e-9);
    /* A day later it is forgotten, however long nobody looked. */
    refusals_note(&refusals, rates, 7 * SECOND + 24 * hour);
    assert_float_equal(refusals_greatest(&refusals, DIRECTION_RECEIVE), 90, 1e-9);
    refusals_note(&refusals, rates, 7 * SECOND + 25 * hour);
    assert_float_equal(refusals_greatest(&refusals, DIRECTION_RECEIVE), 1, 1e-9);
    refusals_note(&refusals, rates, 7 * SECOND + 900 * hour);
    assert_float_equal(refusals_greatest(&refusals, DIRECTION_RECEIVE), 0, 1e-9);
}

static void test_what_comes_in_bursts(void **state)
{
    static const struct {
        struct bursts bursts;
        uint64_t count; /* packets of the incident */
        double rate;
        double burst; /* 0: it is none */
    } cases[] = {
        {{3, 6000}, 6000, 34, 2000},       /* 2,000 at once, now and then */
        {{3000, 3000}, 3000, 374, 0},      /* one after the other */
        {{500, 200000}, 200000, 99999, 0}, /* as many as the rate brings */
        {{5, 40}, 40, 1, 0},               /* few */
        {{0, 0}, 100, 1, 0},               /* nobody counts them */
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct incident incident = {.since_ns = 1, .count = cases[i].count, .rate = cases[i].rate};
        struct bursts_base base = {};

        bursts_judge(&base, &cases[i].bursts, &incident);
        assert_int_equal(incident.spread == SPREAD_BURSTS, cases[i].burst > 0);
        assert_float_equal(incident.burst, cases[i].burst, 1e-6);
    }
}

/* What other incidents of the class lost before is not this one's. */
static void test_bursts_of_others(void **state)
{
    struct incident incident = {.since_ns = 1, .count = 100, .rate = 100};
    struct bursts_base base = {};

    (void)state;
    bursts_judge(&base, &(struct bursts){10, 20000}, &incident);
    assert_int_equal(incident.spread, SPREAD_UNKNOWN);
    incident.count = 200;
    bursts_judge(&base, &(struct bursts){110, 20100}, &incident);
    assert_int_equal(incident.spread, SPREAD_UNKNOWN);
    incident.count = 2500;
    bursts_judge(&base, &(struct bursts){111, 22400}, &incident);
    assert_int_equal(incident.spread, SPREAD_BURSTS);
    /* And what others lose meanwhile is not, either. */
    incident.spread = SPREAD_UNKNOWN;
    incident.count = 2600;
    bursts_judge(&base, &(struct bursts){112, 25000}, &incident);
    assert_int_equal(incident.spread, SPREAD_UNKNOWN);
    /* Another begins. */
    incident = (struct incident){.since_ns = 2, .count = 10, .rate = 10};
    bursts_judge(&base, &(struct bursts){111, 22410}, &incident);
    assert_int_equal(incident.spread, SPREAD_UNKNOWN);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, set_up)
    const struct CMUnitTest tests[] = {
        TEST(test_rates_that_change_places),  TEST(test_twice_as_bad_for_a_while),
        TEST(test_a_worse_colour_at_once),    TEST(test_one_that_pauses_stays),
        TEST(test_what_rules_usually_refuse), TEST(test_what_comes_in_bursts),
        TEST(test_bursts_of_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
