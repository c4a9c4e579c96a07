/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/ethtool/ethtool_netlink.h"

/* Answers of the genetlink family "ethtool", made as the kernel makes them, become readings. */

#include <errno.h>
#include <linux/ethtool_netlink.h>
#include <linux/genetlink.h>

#include "tests/unit/damage.h"

static bool out_of_memory;

void *__wrap_reallocarray(void *old, size_t count, size_t size);
void *__real_reallocarray(void *old, size_t count, size_t size);

void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
    return out_of_memory ? NULL : __real_reallocarray(old, count, size);
}

static struct nl_msg *answer_new(uint8_t command, int header_attribute, uint32_t ifindex)
{
    struct nl_msg *message = nlmsg_alloc_simple(32, 0);
    struct genlmsghdr generic = {.cmd = command, .version = ETHTOOL_GENL_VERSION};
    struct nlattr *nest;

    assert_non_null(message);
    assert_int_equal(nlmsg_append(message, &generic, sizeof(generic), NLMSG_ALIGNTO), 0);
    nest = nla_nest_start(message, header_attribute);
    assert_int_equal(nla_put_u32(message, ETHTOOL_A_HEADER_DEV_INDEX, ifindex), 0);
    assert_int_equal(nla_put_string(message, ETHTOOL_A_HEADER_DEV_NAME, "eth0"), 0);
    nla_nest_end(message, nest);
    return message;
}

static int take_damaged(const struct nlmsghdr *message, void *data)
{
    struct ethtool_readings *readings = data;
    int error;

    readings->count = 0;
    error = ethtool_readings_parse(readings, message);
    assert_true(error == 0 || error == -EBADMSG);
    for (size_t i = 0; i < readings->count; i++) {
        const struct ethtool_reading *reading = &readings->items[i];

        assert_true(reading->ifindex > 0 && reading->group < ETHTOOL_GROUP_COUNT);
        if (reading->group >= ETHTOOL_GROUP_PHY)
            assert_non_null(ethtool_item_name(reading->group, reading->item));
    }
    return 0;
}

/* Row 12 of docs/faults.md: what was cut or damaged is survived by every message that is parsed here. */
static void parse(struct nl_msg *message, struct ethtool_readings *readings, int expected)
{
    damage_message(nlmsg_hdr(message), &(struct message_taker){take_damaged, readings});
    readings->count = 0;
    assert_int_equal(ethtool_readings_parse(readings, nlmsg_hdr(message)), expected);
    nlmsg_free(message);
}

static void expect(const struct ethtool_readings *readings, size_t i, unsigned group, unsigned item,
                   uint64_t value)
{
    assert_true(i < readings->count);
    assert_int_equal(readings->items[i].ifindex, 7);
    assert_int_equal(readings->items[i].group, group);
    assert_int_equal(readings->items[i].item, item);
    assert_int_equal(readings->items[i].value, value);
}

static void test_rings(void **state)
{
    struct ethtool_readings readings = {};
    struct nl_msg *message = answer_new(ETHTOOL_MSG_RINGS_GET_REPLY, ETHTOOL_A_RINGS_HEADER, 7);

    (void)state;
    nla_put_u32(message, ETHTOOL_A_RINGS_RX_MAX, 4096);
    nla_put_u32(message, ETHTOOL_A_RINGS_RX, 512);
    nla_put_u32(message, ETHTOOL_A_RINGS_TX, 256);
    parse(message, &readings, 0);
    assert_int_equal(readings.count, 3);
    expect(&readings, 0, ETHTOOL_GROUP_RINGS, ETHTOOL_RING_RECEIVE, 512);
    expect(&readings, 1, ETHTOOL_GROUP_RINGS, ETHTOOL_RING_RECEIVE_LIMIT, 4096);
    expect(&readings, 2, ETHTOOL_GROUP_RINGS, ETHTOOL_RING_TRANSMIT, 256);
    ethtool_readings_done(&readings);
}

static void test_speed(void **state)
{
    static const struct {
        uint32_t speed;
        size_t count;
    } cases[] = {{400000, 1}, {10, 1}, {0, 0}, {UINT32_MAX, 0}};
    struct ethtool_readings readings = {};

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct nl_msg *message = answer_new(ETHTOOL_MSG_LINKMODES_GET_REPLY, ETHTOOL_A_LINKMODES_HEADER, 7);

        nla_put_u32(message, ETHTOOL_A_LINKMODES_SPEED, cases[i].speed);
        parse(message, &readings, 0);
        assert_int_equal(readings.count, cases[i].count);
        if (cases[i].count > 0)
            expect(&readings, 0, ETHTOOL_GROUP_SPEED, 0, cases[i].speed);
    }
    ethtool_readings_done(&readings);
}

static void put_stat(struct nl_msg *message, int item, uint64_t value)
{
    struct nlattr *nest = nla_nest_start(message, ETHTOOL_A_STATS_GRP_STAT);

    nla_put_u64(message, item, value);
    nla_nest_end(message, nest);
}

static void put_group(struct nl_msg *message, uint32_t id, int item, uint64_t value)
{
    struct nlattr *group = nla_nest_start(message, ETHTOOL_A_STATS_GRP), *nest;

    nla_put_u32(message, ETHTOOL_A_STATS_GRP_ID, id);
    nla_put_u32(message, ETHTOOL_A_STATS_GRP_SS_ID, 17);
    put_stat(message, item, value);
    put_stat(message, 60, 1); /* of a newer kernel */
    nest = nla_nest_start(message, ETHTOOL_A_STATS_GRP_HIST_RX);
    nla_put_u32(message, ETHTOOL_A_STATS_GRP_HIST_BKT_LOW, 64);
    nla_put_u64(message, ETHTOOL_A_STATS_GRP_HIST_VAL, 1);
    nla_nest_end(message, nest);
    nla_nest_end(message, group);
}

static void test_stats(void **state)
{
    struct ethtool_readings readings = {};
    struct nl_msg *message = answer_new(ETHTOOL_MSG_STATS_GET_REPLY, ETHTOOL_A_STATS_HEADER, 7);

    (void)state;
    put_group(message, ETHTOOL_STATS_ETH_PHY, ETHTOOL_A_STATS_ETH_PHY_5_SYM_ERR, 5);
    put_group(message, ETHTOOL_STATS_ETH_MAC, ETHTOOL_A_STATS_ETH_MAC_6_FCS_ERR, UINT64_MAX - 1);
    put_group(message, ETHTOOL_STATS_RMON, ETHTOOL_A_STATS_RMON_JABBER, 3);
    put_group(message, 4, 0, 1); /* a newer group */
    parse(message, &readings, 0);
    assert_int_equal(readings.count, 3);
    expect(&readings, 0, ETHTOOL_GROUP_PHY, ETHTOOL_A_STATS_ETH_PHY_5_SYM_ERR, 5);
    expect(&readings, 1, ETHTOOL_GROUP_MAC, ETHTOOL_A_STATS_ETH_MAC_6_FCS_ERR, UINT64_MAX - 1);
    expect(&readings, 2, ETHTOOL_GROUP_RMON, ETHTOOL_A_STATS_RMON_JABBER, 3);
    assert_string_equal(ethtool_item_name(ETHTOOL_GROUP_MAC, readings.items[1].item),
                        "FrameCheckSequenceErrors");
    assert_string_equal(ethtool_group_name(ETHTOOL_GROUP_MAC), "eth-mac");
    ethtool_readings_done(&readings);
}

static void test_pause_and_fec(void **state)
{
    struct ethtool_readings readings = {};
    struct nl_msg *message = answer_new(ETHTOOL_MSG_PAUSE_GET_REPLY, ETHTOOL_A_PAUSE_HEADER, 7);
    const uint64_t lanes[] = {9, 4, 5};
    struct nlattr *nest;

    (void)state;
    nla_put_u8(message, ETHTOOL_A_PAUSE_RX, 1);
    nest = nla_nest_start(message, ETHTOOL_A_PAUSE_STATS);
    nla_put_u64(message, ETHTOOL_A_PAUSE_STAT_TX_FRAMES, 11);
    nla_put_u64(message, ETHTOOL_A_PAUSE_STAT_RX_FRAMES, 12);
    nla_nest_end(message, nest);
    parse(message, &readings, 0);
    assert_int_equal(readings.count, 2);
    expect(&readings, 0, ETHTOOL_GROUP_PAUSE, ETHTOOL_A_PAUSE_STAT_TX_FRAMES, 11);
    expect(&readings, 1, ETHTOOL_GROUP_PAUSE, ETHTOOL_A_PAUSE_STAT_RX_FRAMES, 12);

    message = answer_new(ETHTOOL_MSG_FEC_GET_REPLY, ETHTOOL_A_FEC_HEADER, 7);
    nest = nla_nest_start(message, ETHTOOL_A_FEC_STATS);
    nla_put(message, ETHTOOL_A_FEC_STAT_CORRECTED, sizeof(lanes), lanes);
    nla_put(message, ETHTOOL_A_FEC_STAT_UNCORR, 0, NULL); /* the driver does not count it */
    nla_nest_end(message, nest);
    parse(message, &readings, 0);
    assert_int_equal(readings.count, 1);
    expect(&readings, 0, ETHTOOL_GROUP_FEC, ETHTOOL_A_FEC_STAT_CORRECTED, 9);
    ethtool_readings_done(&readings);
}

static void test_nonsense(void **state)
{
    struct ethtool_readings readings = {};
    struct nl_msg *message = nlmsg_alloc_simple(32, 0);

    (void)state;
    parse(message, &readings, -EBADMSG);
    parse(answer_new(ETHTOOL_MSG_RINGS_GET_REPLY, ETHTOOL_A_RINGS_HEADER, 0), &readings, -EBADMSG);
    parse(answer_new(ETHTOOL_MSG_RINGS_GET_REPLY, ETHTOOL_A_RINGS_RX, 7), &readings, -EBADMSG);
    parse(answer_new(ETHTOOL_MSG_COALESCE_GET_REPLY, ETHTOOL_A_COALESCE_HEADER, 7), &readings, 0);
    assert_int_equal(readings.count, 0);
    message = answer_new(ETHTOOL_MSG_RINGS_GET_REPLY, ETHTOOL_A_RINGS_HEADER, 7);
    nla_put_u16(message, ETHTOOL_A_RINGS_RX, 1); /* too short */
    parse(message, &readings, 0);
    assert_int_equal(readings.count, 0);
    ethtool_readings_done(&readings);
}

static void test_names_beyond_the_tables(void **state)
{
    (void)state;
    assert_null(ethtool_group_name(ETHTOOL_GROUP_COUNT));
    assert_null(ethtool_item_name(ETHTOOL_GROUP_COUNT, 0));
    assert_null(ethtool_item_name(ETHTOOL_GROUP_RINGS, 0));
}

/* A message of each kind that has something for the list. */
static void expect_no_room(struct ethtool_readings *readings)
{
    struct nl_msg *message = answer_new(ETHTOOL_MSG_STATS_GET_REPLY, ETHTOOL_A_STATS_HEADER, 7);
    const size_t count = readings->count;

    put_group(message, ETHTOOL_STATS_ETH_PHY, ETHTOOL_A_STATS_ETH_PHY_5_SYM_ERR, 5);
    put_group(message, ETHTOOL_STATS_ETH_MAC, ETHTOOL_A_STATS_ETH_MAC_6_FCS_ERR, 6);
    assert_int_equal(ethtool_readings_parse(readings, nlmsg_hdr(message)), -ENOMEM);
    nlmsg_free(message);
    message = answer_new(ETHTOOL_MSG_RINGS_GET_REPLY, ETHTOOL_A_RINGS_HEADER, 7);
    nla_put_u32(message, ETHTOOL_A_RINGS_RX, 512);
    assert_int_equal(ethtool_readings_parse(readings, nlmsg_hdr(message)), -ENOMEM);
    nlmsg_free(message);
    assert_int_equal(readings->count, count);
}

static void test_no_room(void **state)
{
    struct ethtool_readings readings = {};

    (void)state;
    out_of_memory = true;
    expect_no_room(&readings);
    out_of_memory = false;
    for (size_t i = 0; i < ETHTOOL_READINGS_MAX; i++)
        assert_int_equal(ethtool_readings_add(&readings, (struct ethtool_reading){.ifindex = 1}), 0);
    expect_no_room(&readings);
    ethtool_readings_done(&readings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rings),    cmocka_unit_test(test_speed),
        cmocka_unit_test(test_stats),    cmocka_unit_test(test_pause_and_fec),
        cmocka_unit_test(test_nonsense), cmocka_unit_test(test_names_beyond_the_tables),
        cmocka_unit_test(test_no_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
