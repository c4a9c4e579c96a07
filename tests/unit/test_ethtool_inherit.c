/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/ethtool/ethtool_inherit.h"

/* What stays of a driver's statistics when its strings change. */

#include <stdio.h>

#include "tests/unit/ethtool_fixture.h"
#include "tests/unit/unit.h"

static void select_strings(const char *driver, const char *const *texts, size_t count,
                           struct ethtool_selected *ret_selected)
{
    static struct glob_storage include, exclude;
    static struct fixture fixture;
    const struct ethtool_selection selection = {
        .include = globs_split(&include, "*"), .exclude = globs_split(&exclude, ""), .series_max = SIZE_MAX};

    memset(&fixture, 0, sizeof(fixture));
    for (size_t i = 0; i < count; i++)
        memcpy(fixture.strings + i * ETH_GSTRING_LEN, texts[i], strlen(texts[i]));
    assert_int_equal(
        ethtool_select(
            &selection,
            &(struct ethtool_strings){.driver = driver, .strings = fixture.strings, .count = (uint32_t)count},
            ret_selected),
        0);
}

static const struct ethtool_statistic *find(const struct ethtool_selected *selected, const char *statistic,
                                            const char *queue)
{
    for (size_t i = 0; i < selected->count; i++)
        if (strcmp(selected->statistics[i].name.statistic, statistic) == 0 &&
            strcmp(selected->statistics[i].name.queue, queue) == 0)
            return &selected->statistics[i];
    return NULL;
}

static void test_what_went_is_kept_where_it_is_part_of_a_sum(void **state)
{
    static const char *const texts[] = {"rx_queue_0_drops", "rx_queue_1_drops", "rx_queue_2_drops",
                                        "rx_errors",        "rx_queue_1_kicks", "peer_ifindex"};
    static const char *const fewer[] = {"rx_queue_0_drops", "rx_new", "rx_queue_9_drops"};
    struct ethtool_selected before, now;
    const struct ethtool_statistic *statistic;
    bool cut;

    (void)state;
    select_strings("veth", texts, 6, &before);
    for (size_t i = 0; i < before.count; i++)
        if (before.statistics[i].index != 2) /* which never counted */
            before.statistics[i].own.last = before.statistics[i].by_cause.last = 10 + i;
    select_strings("veth", fewer, 3, &now);
    assert_int_equal(ethtool_inherit(&now, &before, &cut), 0);
    assert_false(cut);
    for (size_t i = 1; i < now.count; i++)
        assert_true(ethtool_name_compare(&now.statistics[i - 1].name, &now.statistics[i].name) < 0);
    statistic = find(&now, "rx_queue_#_drops", "0");
    assert_true(statistic && !statistic->gone && statistic->index == 0 && statistic->own.last > 0 &&
                statistic->by_cause.last > 0);
    statistic = find(&now, "rx_queue_#_drops", "1");
    assert_true(statistic && statistic->gone && statistic->own.last > 0);
    statistic = find(&now, "rx_queue_#_drops", "9");
    assert_true(statistic && !statistic->gone && statistic->own.last == 0);
    assert_null(find(&now, "rx_queue_#_drops", "2"));
    assert_non_null(find(&now, "rx_queue_#_kicks", "1"));
    assert_null(find(&now, "rx_errors", ""));
    assert_null(find(&now, "peer_ifindex", ""));
    free(before.statistics);

    /* It comes back. */
    before = now;
    select_strings("veth", texts, 6, &now);
    assert_int_equal(ethtool_inherit(&now, &before, &cut), 0);
    statistic = find(&now, "rx_queue_#_drops", "1");
    assert_true(statistic && !statistic->gone && statistic->own.last > 0);
    free(before.statistics);
    free(now.statistics);
}

/* A driver that thinks up queue numbers for ever takes no memory for ever. */
static void test_what_went_is_bounded(void **state)
{
    static char texts[FIXTURE_STRINGS_MAX][ETH_GSTRING_LEN];
    static const char *pointers[FIXTURE_STRINGS_MAX];
    struct ethtool_selected before = {}, now;
    bool cut = false;
    unsigned turns = 0;

    (void)state;
    for (; !cut && turns < 100; turns++) {
        for (size_t i = 0; i < FIXTURE_STRINGS_MAX; i++) {
            (void)snprintf(texts[i], sizeof(texts[i]), "rx%zu_drops", turns * FIXTURE_STRINGS_MAX + i);
            pointers[i] = texts[i];
        }
        select_strings("made_up", pointers, FIXTURE_STRINGS_MAX, &now);
        assert_int_equal(ethtool_inherit(&now, &before, &cut), 0);
        assert_true(now.count <= FIXTURE_STRINGS_MAX + ETHTOOL_GONE_MAX);
        for (size_t i = 0; i < now.count; i++)
            now.statistics[i].own.last = 1;
        free(before.statistics);
        before = now;
    }
    assert_int_equal(turns, ETHTOOL_GONE_MAX / FIXTURE_STRINGS_MAX + 2);
    free(before.statistics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_went_is_kept_where_it_is_part_of_a_sum),
        cmocka_unit_test(test_what_went_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
