/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/ethtool/ethtool_name.h"

/* Queue numbers leave the driver's strings, and nothing else does. */

#include "base/cleanup.h"
#include "tests/unit/ethtool_fixture.h"
#include "tests/unit/unit.h"

static void pad(const char *text, char raw[ETH_GSTRING_LEN])
{
    memset(raw, 'x', ETH_GSTRING_LEN); /* what is behind the terminator is anybody's */
    memcpy(raw, text, strlen(text) < ETH_GSTRING_LEN ? strlen(text) + 1 : ETH_GSTRING_LEN);
}

static void test_split(void **state)
{
    static const struct {
        const char *raw, *statistic, *queue;
    } cases[] = {
        /* where drivers write queues */
        {"rx3_dropped", "rx#_dropped", "3"},
        {"rx_queue_0_drops", "rx_queue_#_drops", "0"},
        {"tx_queue_127_xdp_tx_drops", "tx_queue_#_xdp_tx_drops", "127"},
        {"queue_12_rx_bad_desc_num", "queue_#_rx_bad_desc_num", "12"},
        {"queue_4_xdp_tx_cnt", "queue_#_xdp_tx_cnt", "4"},
        {"[5]: rx_discards", "[#]: rx_discards", "5"},
        {"rx_dropped_pkt[2]", "rx_dropped_pkt[#]", "2"},
        {"tx-0.packets", "tx-#.packets", "0"},
        {"tx1_xdp_full", "tx#_xdp_full", "1"},
        {"ch7_eq_rearm", "ch#_eq_rearm", "7"},
        {"rx10_xsk_wqe_err", "rx#_xsk_wqe_err", "10"},
        {"rx123456789_a", "rx#_a", "123456789"},
        /* other numbers stay */
        {"rx_prio3_discards", "rx_prio3_discards", ""},
        {"rx_pause_prio_0", "rx_pause_prio_0", ""},
        {"tx_priority_0_xoff.nic", "tx_priority_0_xoff.nic", ""},
        {"rx_err_lane_2_phy", "rx_err_lane_2_phy", ""},
        {"pfc_pri0_rx_transitions", "pfc_pri0_rx_transitions", ""},
        {"rx_discard_packets_cos7", "rx_discard_packets_cos7", ""},
        {"rx_65_to_127_bytes_phy", "rx_65_to_127_bytes_phy", ""},
        {"rx_64b_frames", "rx_64b_frames", ""},
        {"tx_collide_15times", "tx_collide_15times", ""},
        {"veb.tc_3_tx_packets", "veb.tc_3_tx_packets", ""},
        {"rx_size_1522.nic", "rx_size_1522.nic", ""},
        {"rx_pb_1_pxoff", "rx_pb_1_pxoff", ""},
        /* numbers that would not come back as they were */
        {"rx03_dropped", "rx03_dropped", ""},
        {"rx1234567890_a", "rx1234567890_a", ""},
        {"rx_dropped", "rx_dropped", ""},
        {"rx3", "rx3", ""},
        {"rx_queue_3", "rx_queue_3", ""},
        {"rx_dropped_pkt[]", "rx_dropped_pkt[]", ""},
        {"3]", "3]", ""},
        {"]", "]", ""},
        /* any bytes */
        {"", "", ""},
        {"rx#_dropped", "rx\\#_dropped", ""},
        {"Tx Queue#", "Tx Queue\\#", ""},
        {"rx3_a#b\\c", "rx#_a\\#b\\\\c", "3"},
        {"\\~2", "\\\\~2", ""},
        {"  pkts rx OOB", "  pkts rx OOB", ""},
        {"a\xff\xfe\"\n", "a\xef\xbf\xbd\xef\xbf\xbd\"\n", ""},
        {"\xc3\xa4.drops", "\xc3\xa4.drops", ""},
        {"adminq_dcfg_device_resources_cnt", "adminq_dcfg_device_resources_cnt", ""}, /* gve: no terminator */
        {"rx_queue_1_4567890123456789012345", "rx_queue_#_456789012345678901234", "1"},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        char raw[ETH_GSTRING_LEN];
        struct ethtool_name name;

        pad(cases[i].raw, raw);
        ethtool_name_split("", raw, &name);
        assert_string_equal(name.statistic, cases[i].statistic);
        assert_string_equal(name.queue, cases[i].queue);
    }
}

/* Patterns of one driver: the same text is a size class, or nothing, in another. */
static void test_split_by_driver(void **state)
{
    static const struct {
        const char *driver, *raw, *statistic, *queue;
    } cases[] = {
        {"mana", "rx_3_xdp_drop", "rx_#_xdp_drop", "3"},
        {"mana", "tx_12_mana_map_err", "tx_#_mana_map_err", "12"},
        {"ionic", "rx_0_dropped", "rx_#_dropped", "0"},
        {"bnx2x", "tx_64_byte_packets", "tx_64_byte_packets", ""},
        {"qede", "rx_64_byte_packets", "rx_64_byte_packets", ""},
        {"qede", "5: rx_hw_errors", "#: rx_hw_errors", "5"},
        {"qede", "1_0: tx_mem_alloc_err", "#_0: tx_mem_alloc_err", "1"},
        {"qede", "1 [XDP]: xmit_pkts", "# [XDP]: xmit_pkts", "1"},
        {"mana", "5: rx_hw_errors", "5: rx_hw_errors", ""},
        {"hv_netvsc", "cpu7_rx_packets", "cpu#_rx_packets", "7"},
        {"other", "cpu7_rx_packets", "cpu7_rx_packets", ""},
        {"idpf", "rx_q-3_pkts", "rx_q-#_pkts", "3"},
        {"idpf", "rx-bad_descs", "rx-bad_descs", ""},
        {"atlantic", "Queue[2] InErrors", "Queue[#] InErrors", "2"},
        {"atlantic", "TC1 Queue[5] InErrors", "TC1 Queue[#] InErrors", "5"},
        {"atlantic", "PTP Queue[31] Polls", "PTP Queue[#] Polls", "31"},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        char raw[ETH_GSTRING_LEN];
        struct ethtool_name name;

        pad(cases[i].raw, raw);
        ethtool_name_split(cases[i].driver, raw, &name);
        assert_string_equal(name.statistic, cases[i].statistic);
        assert_string_equal(name.queue, cases[i].queue);
    }
}

static void test_whole(void **state)
{
    char raw[ETH_GSTRING_LEN];
    struct ethtool_name name;

    (void)state;
    pad("rx3_a#b", raw);
    ethtool_name_whole(raw, &name);
    assert_string_equal(name.statistic, "rx3_a\\#b");
    assert_string_equal(name.queue, "");
}

static void test_plain(void **state)
{
    char raw[ETH_GSTRING_LEN], plain[ETHTOOL_STATISTIC_MAX];
    struct ethtool_name name;

    (void)state;
    pad("rx3_a#b\\c", raw);
    ethtool_name_split("", raw, &name);
    ethtool_name_plain(&name, plain, sizeof(plain));
    assert_string_equal(plain, "rx#_a#b\\c");
    ethtool_name_plain(&name, plain, 4);
    assert_string_equal(plain, "rx#");
}

static void test_longest_name_fits(void **state)
{
    char raw[ETH_GSTRING_LEN];
    struct ethtool_name name;

    (void)state;
    memset(raw, 0xff, sizeof(raw));
    ethtool_name_split("", raw, &name);
    assert_int_equal(strlen(name.statistic), 3 * ETH_GSTRING_LEN);
    ethtool_name_number(&name, 4294967295U);
    assert_string_equal(name.statistic + 3 * ETH_GSTRING_LEN, "\\~4294967295");
}

/* Every string of every driver comes back from its name alone. */
static void test_drivers_come_back(void **state)
{
    static struct fixture fixture;
    unsigned queues = 0;

    (void)state;
    for (size_t i = 0; i < ELEMENTS(fixture_drivers); i++) {
        fixture_read(fixture_drivers[i], &fixture);
        for (uint32_t j = 0; j < fixture.count; j++) {
            const char *raw = fixture.strings + (size_t)j * ETH_GSTRING_LEN;
            char back[ETH_GSTRING_LEN];
            struct ethtool_name name;
            unsigned number;
            size_t size;

            ethtool_name_split(fixture.driver, raw, &name);
            queues += name.queue[0] != '\0';
            size = name_join(&name, back, sizeof(back), &number);
            assert_int_equal(size, strnlen(raw, ETH_GSTRING_LEN));
            assert_memory_equal(back, raw, size);
        }
    }
    assert_true(queues > 800);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_split_by_driver),
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_longest_name_fits),
        cmocka_unit_test(test_drivers_come_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
