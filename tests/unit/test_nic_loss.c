/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/ethtool/nic_loss.h"

/* The dictionary of loss by cause against the real string lists. */

#include "base/cleanup.h"
#include "collectors/ethtool/ethtool_select.h"
#include "tests/unit/ethtool_fixture.h"
#include "tests/unit/unit.h"

/* Every entry names a statistic that some version of its driver has, and by default it is shown beside its
 * loss. */
static void test_entries_are_in_the_drivers(void **state)
{
    static struct glob_storage include, exclude;
    const struct ethtool_selection selection = {.include = globs_split(&include, ETHTOOL_LOSS_GLOBS),
                                                .exclude = globs_split(&exclude, ETHTOOL_NO_LOSS_GLOBS),
                                                .series_max = SIZE_MAX};
    static const struct nic_loss *found[1024];
    static struct fixture fixture;
    size_t count = 0;

    (void)state;
    for (size_t i = 0; i < ELEMENTS(fixture_drivers); i++) {
        struct ethtool_selected selected;

        fixture_read(fixture_drivers[i], &fixture);
        assert_int_equal(ethtool_select(&selection,
                                        &(struct ethtool_strings){.driver = fixture.driver,
                                                                  .strings = fixture.strings,
                                                                  .count = fixture.count},
                                        &selected),
                         0);
        for (size_t j = 0; j < selected.count; j++) {
            const struct ethtool_statistic *statistic = &selected.statistics[j];

            if (!statistic->loss)
                continue;
            if (!statistic->shown || !statistic->counter)
                fail_msg("%s %s is not shown as a counter", fixture.driver, statistic->name.statistic);
            assert_true(count < ELEMENTS(found));
            found[count++] = statistic->loss;
        }
        free(selected.statistics);
    }
    for (size_t i = 0; nic_loss_at(i); i++) {
        size_t at = 0;

        while (at < count && found[at] != nic_loss_at(i))
            at++;
        if (at == count)
            fail_msg("%s has no %s", nic_loss_at(i)->driver, nic_loss_at(i)->statistic);
    }
}

static void test_entries_are_unique_and_justified(void **state)
{
    (void)state;
    for (size_t i = 0; nic_loss_at(i); i++) {
        const struct nic_loss *loss = nic_loss_at(i);
        const char *colon = strrchr(loss->source, ':');

        assert_ptr_equal(nic_loss_find(loss->driver, loss->statistic), loss);
        assert_non_null(colon);
        assert_true(strtoul(colon + 1, NULL, 10) > 0);
        assert_true(colon[-2] == '.' && (colon[-1] == 'c' || colon[-1] == 'h'));
    }
    assert_null(nic_loss_find("mlx5_core", "rx_packets"));
    assert_null(nic_loss_find("no_such_driver", "rx_dropped"));
}

/* Pairs of which the driver's source says that one includes the other. */
static void test_no_loss_counts_twice(void **state)
{
    static const struct {
        const char *driver, *one, *other;
    } overlaps[] = {
        {"mlx5_core", "rx_discards_phy", "rx_prio0_discards"},
        {"mlx5_core", "rx_xdp_drop", "rx#_xdp_drop"},
        {"mlx5_core", "tx_queue_dropped", "tx#_dropped"},
        {"mlx5_core", "rx_wqe_err", "rx#_wqe_err"},
        {"mlx4_en", "rx_dropped", "rx#_dropped"},
        {"igb", "tx_window_errors", "tx_abort_late_coll"},
        {"igb", "rx_errors", "rx_crc_errors"},
        {"igb", "rx_length_errors", "rx_short_length_errors"},
        {"igb", "rx_fifo_errors", "rx_missed_errors"},
        {"e1000e", "tx_window_errors", "tx_abort_late_coll"},
        {"e1000e", "rx_errors", "rx_crc_errors"},
        {"e1000e", "rx_length_errors", "rx_long_length_errors"},
        {"i40e", "rx_crc_errors", "port.rx_crc_errors"},
        {"i40e", "rx_length_errors", "port.rx_length_errors"},
        {"i40e", "rx_errors", "port.illegal_bytes"},
        {"ixgbe", "rx_errors", "rx_length_errors"},
        {"virtio_net", "rx#_drops", "rx_drops"},
        {"virtio_net", "rx#_drops", "rx#_xdp_drops"},
        {"virtio_net", "rx_queue_#_drops", "rx_queue_#_xdp_drops"},
        {"virtio_net", "tx#_xdp_tx_drops", "tx_xdp_tx_drops"},
        {"bnxt_en", "rx_total_discard_pkts", "[#]: rx_discards"},
        {"gve", "rx_dropped", "rx_skb_alloc_fail"},
        {"gve", "rx_dropped_pkt[#]", "rx_desc_err_dropped_pkt"},
        {"vmxnet3", "  drv dropped rx total", "     err"},
        {"vmxnet3", "  drv dropped rx total", "     fcs"},
        {"vmxnet3", "  drv dropped tx total", "     tso"},
        {"tg3", "rx_errors", "rx_fcs_errors"},
        {"bnx2x", "rx_discards", "[#]: rx_discards"},
        {"bnx2x", "rx_crc_errors", "rx_phy_ip_err_discards"},
        {"igc", "rx_errors", "rx_crc_errors"},
        {"igc", "rx_length_errors", "rx_short_length_errors"},
        {"igc", "rx_fifo_errors", "rx_missed_errors"},
        {"igc", "tx_window_errors", "tx_abort_late_coll"},
        {"e1000", "rx_errors", "rx_crc_errors"},
        {"e1000", "rx_length_errors", "rx_long_length_errors"},
        {"e1000", "tx_window_errors", "tx_abort_late_coll"},
        {"qede", "rx_crc_errors", "rx_jabbers"},
        {"qede", "rx_crc_errors", "rx_fragments"},
        {"hns3", "rxq#_l2_err", "rxq#_errors"},
        {"hns3", "rxq#_l2_err", "mac_rx_fcs_err_pkt_num"},
        {"r8169", "rx_errors", "align_errors"},
        {"r8169", "tx_errors", "tx_aborted"},
        {"r8169", "tx_errors", "tx_underrun"},
        {"atlantic", "InErrors", "Queue[#] InErrors"},
        {"sfc", "port_rx_bad", "rx_eth_crc_err"},
        {"sfc", "port_rx_overflow", "rx_overflow"},
        {"nfp", "mac.rx_errors", "mac.rx_frame_check_sequence_err"},
        {"enic", "rx_errors", "rx_crc_errors"},
        {"ionic", "hw_rx_dropped", "hw_rx_over_errors"},
        {"ionic", "hw_rx_dropped", "frames_rx_dropped"},
        {"ionic", "hw_tx_dropped", "hw_tx_aborted_errors"},
        {"st_gmac", "mmc_rx_crc_error", "mmc_rx_run_error"},
        {"st_gmac", "mmc_rx_crc_error", "mmc_rx_jabber_error"},
        {"st_gmac", "mmc_rx_crc_error", "rx_crc_errors"},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(overlaps); i++) {
        if (nic_loss_find(overlaps[i].driver, overlaps[i].one) &&
            nic_loss_find(overlaps[i].driver, overlaps[i].other))
            fail_msg("%s: %s and %s overlap", overlaps[i].driver, overlaps[i].one, overlaps[i].other);
    }
}

static void test_names(void **state)
{
    (void)state;
    for (unsigned i = 0; i < NIC_LOST_COUNT; i++) {
        assert_non_null(nic_cause_name(i));
        for (unsigned j = 0; j < i; j++)
            assert_string_not_equal(nic_cause_name(i), nic_cause_name(j));
    }
    assert_string_equal(nic_direction_name(NIC_RECEIVE), "receive");
    assert_string_equal(nic_direction_name(NIC_TRANSMIT), "transmit");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_entries_are_in_the_drivers),
        cmocka_unit_test(test_entries_are_unique_and_justified),
        cmocka_unit_test(test_no_loss_counts_twice),
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
