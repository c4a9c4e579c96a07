/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/ethtool/ethtool_select.h"

/* What is shown of the real string lists, under which names, and where the limit cuts. */

#include "base/cleanup.h"
#include "tests/unit/ethtool_fixture.h"
#include "tests/unit/unit.h"

struct selected {
    struct glob_storage include, exclude;
    struct ethtool_selection selection;
    struct ethtool_selected result;
};

static void selected_init(struct selected *selected, const char *include, const char *exclude,
                          size_t series_max)
{
    *selected = (struct selected){.selection = {.per_queue = true, .series_max = series_max}};
    selected->selection.include = globs_split(&selected->include, include);
    selected->selection.exclude = globs_split(&selected->exclude, exclude);
}

static void select_fixture(struct selected *selected, const struct fixture *fixture)
{
    const struct ethtool_strings strings = {
        .driver = fixture->driver, .strings = fixture->strings, .count = fixture->count};

    assert_int_equal(ethtool_select(&selected->selection, &strings, &selected->result), 0);
}

static void add_string(struct fixture *fixture, const char *text)
{
    memcpy(fixture->strings + (size_t)fixture->count++ * ETH_GSTRING_LEN, text, strlen(text));
}

static const struct ethtool_statistic *find(const struct selected *selected, const char *statistic,
                                            const char *queue)
{
    for (size_t i = 0; i < selected->result.count; i++) {
        const struct ethtool_statistic *candidate = &selected->result.statistics[i];

        if (strcmp(candidate->name.statistic, statistic) == 0 && strcmp(candidate->name.queue, queue) == 0)
            return candidate;
    }
    return NULL;
}

/* No two strings of one driver ever make the same series, and each name says which string it is. */
static void test_drivers_are_injective(void **state)
{
    static struct fixture fixture;
    static struct selected selected;

    (void)state;
    for (size_t i = 0; i < ELEMENTS(fixture_drivers); i++) {
        fixture_read(fixture_drivers[i], &fixture);
        selected_init(&selected, "*", "", SIZE_MAX);
        select_fixture(&selected, &fixture);
        assert_int_equal(selected.result.count, fixture.count);
        assert_false(selected.result.cut);
        for (size_t j = 0; j < selected.result.count; j++) {
            const struct ethtool_statistic *statistic = &selected.result.statistics[j];
            char back[ETH_GSTRING_LEN];
            unsigned number, earlier = 1;
            size_t size = name_join(&statistic->name, back, sizeof(back), &number);
            const char *raw = fixture.strings + (size_t)statistic->index * ETH_GSTRING_LEN;

            assert_int_equal(size, strnlen(raw, ETH_GSTRING_LEN));
            assert_memory_equal(back, raw, size);
            for (uint32_t k = 0; k < statistic->index; k++)
                earlier += memcmp(fixture.strings + (size_t)k * ETH_GSTRING_LEN, raw, ETH_GSTRING_LEN) == 0;
            assert_int_equal(number, earlier);
            /* Sorted and different: neighbours are enough to look at. */
            assert_true(j == 0 ||
                        strcmp(statistic->name.statistic, selected.result.statistics[j - 1].name.statistic) !=
                            0 ||
                        strcmp(statistic->name.queue, selected.result.statistics[j - 1].name.queue) != 0);
        }
        free(selected.result.statistics);
    }
}

/* What would go if nobody configured anything. */
static void test_default_selection(void **state)
{
    static const struct {
        const char *driver, *statistic;
        bool shown;
    } cases[] = {
        {"mlx5_core", "rx_out_of_buffer", true},
        {"mlx5_core", "rx_discards_phy", true},
        {"mlx5_core", "rx_prio3_discards", true},
        {"mlx5_core", "tx_queue_dropped", true},
        {"mlx5_core", "rx_packets", false},
        {"mlx5_core", "rx_cache_full", false},
        {"mlx5_core", "rx_pp_recycle_ring_full", false},
        {"mlx5_core", "rx_65_to_127_bytes_phy", false},
        {"ixgbe", "rx_no_buffer_count", true},
        {"ixgbe", "rx_no_dma_resources", true},
        {"ixgbe", "fdir_miss", false},
        {"igb", "rx_queue_#_drops", true},
        {"igb", "tx_deferred_ok", false},
        {"igb", "tx_single_coll_ok", false},
        {"tg3", "tx_deferred", false},
        {"tg3", "rx_jabbers", true},
        {"tg3", "nic_irqs", false},
        {"ena", "queue_#_tx_unmask_interrupt", false},
        {"ena", "conntrack_allowance_exceeded", true},
        {"bnxt_en", "[#]: rx_discards", true},
        {"bnxt_en", "rx_ovrsz_frames", true},
        {"gve", "rx_no_buffers_posted[#]", true},
        {"vmxnet3", "  pkts rx OOB", true},
        {"vmxnet3", "  drv dropped tx total\\~3", true},
        {"i40e", "port.rx_discards", true},
        {"i40e", "veb.tc_0_tx_packets", false},
        {"veth", "peer_ifindex", false},
        {"virtio_net+6.18", "rx#_drops", true},
        {"virtio_net+6.18", "rx_kicks", false},
        {"iwlwifi", "ch_time_busy", false}, /* how long the channel was busy */
        {"iwlwifi", "rx_dropped", true},
        {"sfc", "fec_uncorrected_errors", true}, /* "corrected" is within it */
        {"sfc", "fec_corrected_errors", false},
        {"tg3", "tx_single_collisions", false}, /* was sent after it */
        {"tg3", "tx_late_collisions", true},
        {"igc", "tx_hwtstamp_timeouts", false}, /* a time stamp was lost, not the packet */
    };
    static struct fixture fixture;
    static struct selected selected;

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        bool shown = false;

        fixture_read(cases[i].driver, &fixture);
        selected_init(&selected, ETHTOOL_LOSS_GLOBS, ETHTOOL_NO_LOSS_GLOBS, SIZE_MAX);
        select_fixture(&selected, &fixture);
        for (size_t j = 0; j < selected.result.count; j++)
            shown |= strcmp(selected.result.statistics[j].name.statistic, cases[i].statistic) == 0;
        if (shown != cases[i].shown)
            fail_msg("%s %s", cases[i].driver, cases[i].statistic);
        free(selected.result.statistics);
    }
}

static void test_counters_and_values(void **state)
{
    static struct fixture fixture = {.driver = "made_up"};
    static struct selected selected;

    (void)state;
    add_string(&fixture, "rx0_packets");
    add_string(&fixture, "rx0_temperature");
    add_string(&fixture, "rx1_temperature");
    add_string(&fixture, "peer_ifindex");
    add_string(&fixture, "RX Dropped");
    selected_init(&selected, "*", "", SIZE_MAX);
    select_fixture(&selected, &fixture);
    assert_true(find(&selected, "rx#_packets", "0")->counter);
    assert_true(find(&selected, "RX Dropped", "")->counter);
    /* A value is never added up: its number stays. */
    assert_false(find(&selected, "rx0_temperature", "")->counter);
    assert_false(find(&selected, "rx1_temperature", "")->counter);
    assert_false(find(&selected, "peer_ifindex", "")->counter);
    free(selected.result.statistics);
}

static void test_globs(void **state)
{
    static struct fixture fixture = {.driver = "virtio_net"};
    static struct selected selected;

    (void)state;
    add_string(&fixture, "rx0_drops");
    add_string(&fixture, "rx1_drops");
    add_string(&fixture, "rx_drops");
    add_string(&fixture, "Tx Queue#");
    add_string(&fixture, "tx0_drops");
    selected_init(&selected, "RX#_*,tx queue#", "", SIZE_MAX);
    select_fixture(&selected, &fixture);
    assert_int_equal(selected.result.count, 3);
    assert_true(find(&selected, "rx#_drops", "0")->shown);
    assert_true(find(&selected, "rx#_drops", "1")->shown);
    assert_true(find(&selected, "Tx Queue\\#", "")->shown);
    free(selected.result.statistics);

    /* What counts as loss by cause is kept, but not shown. */
    selected_init(&selected, "*", "rx*", SIZE_MAX);
    select_fixture(&selected, &fixture);
    assert_false(find(&selected, "rx#_drops", "0")->shown);
    assert_non_null(find(&selected, "rx#_drops", "0")->loss);
    assert_null(find(&selected, "rx_drops", ""));
    assert_true(find(&selected, "tx#_drops", "0")->shown);
    free(selected.result.statistics);
}

/* Row 18: repeated, unterminated, odd strings make valid, different series. */
static void test_row_18_odd_strings(void **state)
{
    static struct fixture fixture = {.driver = "made_up"};
    static struct selected selected;

    (void)state;
    add_string(&fixture, "rx drop.s");
    add_string(&fixture, "rx drop.s");
    add_string(&fixture, "bad\xff");
    add_string(&fixture, "bad\xfe");
    add_string(&fixture, "bad\xef\xbf\xbd");
    add_string(&fixture, "rx0_drops");
    add_string(&fixture, "rx0_drops");
    add_string(&fixture, "rx1_drops");
    add_string(&fixture, "rx1_drops");
    memset(fixture.strings + (size_t)fixture.count++ * ETH_GSTRING_LEN, 'e', ETH_GSTRING_LEN);
    fixture.count += 2; /* two empty ones */
    selected_init(&selected, "*", "", SIZE_MAX);
    select_fixture(&selected, &fixture);
    assert_int_equal(selected.result.count, fixture.count);
    assert_int_equal(find(&selected, "rx drop.s", "")->index, 0);
    assert_int_equal(find(&selected, "rx drop.s\\~2", "")->index, 1);
    assert_int_equal(find(&selected, "bad\xef\xbf\xbd", "")->index, 2);
    assert_int_equal(find(&selected, "bad\xef\xbf\xbd\\~2", "")->index, 3);
    assert_int_equal(find(&selected, "bad\xef\xbf\xbd\\~3", "")->index, 4);
    assert_int_equal(find(&selected, "rx#_drops", "0")->index, 5);
    assert_int_equal(find(&selected, "rx#_drops\\~2", "0")->index, 6);
    assert_int_equal(find(&selected, "rx#_drops\\~2", "1")->index, 8);
    assert_int_equal(find(&selected, "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee", "")->index, 9);
    assert_int_equal(find(&selected, "", "")->index, 10);
    assert_int_equal(find(&selected, "\\~2", "")->index, 11);
    free(selected.result.statistics);
}

static size_t count_series(const struct selected *selected)
{
    size_t series = 0;

    for (size_t i = 0; i < selected->result.count; i++) {
        const struct ethtool_name *name = &selected->result.statistics[i].name;

        if (!selected->result.statistics[i].shown)
            continue;
        series += i == 0 || strcmp(name->statistic, selected->result.statistics[i - 1].name.statistic) != 0;
        series += selected->selection.per_queue && name->queue[0] != '\0';
    }
    return series;
}

static void test_limit(void **state)
{
    static struct fixture fixture;
    static struct selected selected;
    size_t all;

    (void)state;
    fixture_read("mlx5_core", &fixture);
    selected_init(&selected, "*", "", SIZE_MAX);
    select_fixture(&selected, &fixture);
    all = count_series(&selected);
    free(selected.result.statistics);
    for (size_t limit = 1; limit < all + 20; limit += 13) {
        bool loss_hidden = false, other_shown = false;

        selected_init(&selected, "*", "", limit);
        select_fixture(&selected, &fixture);
        assert_true(count_series(&selected) <= limit);
        assert_int_equal(selected.result.series, count_series(&selected));
        assert_true(selected.result.cut == (limit < all));
        for (size_t i = 0; i < selected.result.count; i++) {
            loss_hidden |= selected.result.statistics[i].loss && !selected.result.statistics[i].shown;
            other_shown |= !selected.result.statistics[i].loss && selected.result.statistics[i].shown;
        }
        assert_false(loss_hidden && other_shown && limit > 20);
        free(selected.result.statistics);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_drivers_are_injective), cmocka_unit_test(test_default_selection),
        cmocka_unit_test(test_counters_and_values),   cmocka_unit_test(test_globs),
        cmocka_unit_test(test_row_18_odd_strings),    cmocka_unit_test(test_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
