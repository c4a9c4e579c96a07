/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NET_DM messages captured from Linux 6.1 and 6.12, cut and changed in every way, and ones made with libnl.
 */

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/net_dropmon.h>
#include <string.h>

#include "base/cleanup.h"
#include "collectors/drops/drop_netlink_parse.h"
#include "tests/unit/damage.h"

struct point {
    uint64_t location;
    uint32_t count;
};

struct points {
    struct point items[DROP_SUMMARY_ENTRIES];
    size_t count;
};

static void take_point(uint64_t location, uint32_t count, void *data)
{
    struct points *points = data;

    assert_true(points->count < DROP_SUMMARY_ENTRIES);
    points->items[points->count++] = (struct point){location, count};
}

static struct bytes captured_dm(const char *name)
{
    char path[64];

    (void)snprintf(path, sizeof(path), "../net_dm/%s", name);
    return captured(path);
}

static const struct nlmsghdr *message(const struct bytes *bytes)
{
    const struct nlmsghdr *header = (const struct nlmsghdr *)bytes->data;

    assert_int_equal(header->nlmsg_len, bytes->size);
    return header;
}

static void test_summary(void **state)
{
    static const struct {
        const char *name;
        uint16_t family;
        size_t count;
        struct point points[2];
    } cases[] = {
        {"6.1/summary-0", 0x20, 1, {{0xffffffff818bcae2, 2}}},
        {"6.1/summary-1", 0x20, 2, {{0xffffffff818bcae2, 1}, {0xffffffff818ac491, 1}}},
        {"6.12/summary-0", 0x23, 2, {{0xffffffff81b78f65, 3}, {0xffffffff81b6669e, 1}}},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        _cleanup_(bytes_done) struct bytes bytes = captured_dm(cases[i].name);
        struct points points = {};

        assert_int_equal(drop_netlink_command(message(&bytes), cases[i].family), NET_DM_CMD_ALERT);
        assert_int_equal(drop_netlink_command(message(&bytes), 0x10), -ENODATA);
        assert_int_equal(drop_netlink_parse_summary(message(&bytes), take_point, &points), cases[i].count);
        assert_int_equal(points.count, cases[i].count);
        for (size_t k = 0; k < points.count; k++) {
            assert_int_equal(points.items[k].location, cases[i].points[k].location);
            assert_int_equal(points.items[k].count, cases[i].points[k].count);
        }
    }
}

static void test_packet(void **state)
{
    static const struct {
        const char *name, *symbol;
        uint64_t location;
    } cases[] = {
        {"6.1/packet-0", "__udp4_lib_rcv+0x9a2/0xc30", 0xffffffff818bcae2},
        {"6.1/packet-3", "tcp_v4_rcv+0x81/0xee0", 0xffffffff818ac491},
        {"6.12/packet-0", "__udp4_lib_rcv+0x545/0xdd0", 0xffffffff81b78f65},
        {"6.12/packet-3", "tcp_v4_rcv+0x9e/0x1380", 0xffffffff81b6669e},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        _cleanup_(bytes_done) struct bytes bytes = captured_dm(cases[i].name);
        struct drop_payload payload;
        struct drop_packet packet;

        assert_int_equal(drop_netlink_command(message(&bytes), message(&bytes)->nlmsg_type),
                         NET_DM_CMD_PACKET_ALERT);
        assert_int_equal(drop_netlink_parse_packet(message(&bytes), &packet), 0);
        assert_int_equal(packet.location, cases[i].location);
        assert_string_equal(packet.symbol, cases[i].symbol);
        assert_string_equal(packet.reason, "NO_SOCKET");
        assert_int_equal(packet.protocol, DROP_PROTOCOL_IPV4);
        assert_int_equal(drop_netlink_parse_payload(message(&bytes), &payload), 0);
        assert_int_equal(payload.protocol, 0x0800);
        assert_int_equal(payload.size, 1); /* they were captured so */
        assert_true(payload.length > 14 + 20 && payload.time_ns > UINT64_C(1700000000) * 1000000000);
    }
}

static void test_state(void **state)
{
    static const char *const kernels[] = {"6.1", "6.12"};

    (void)state;
    for (size_t i = 0; i < ELEMENTS(kernels); i++) {
        for (unsigned packet_mode = 0; packet_mode < 2; packet_mode++) {
            const char *mode = packet_mode ? "packet" : "summary";
            struct drop_monitor_config config;
            uint64_t dropped = 1;
            char name[32];

            (void)snprintf(name, sizeof(name), "%s/config-%s", kernels[i], mode);
            _cleanup_(bytes_done) struct bytes config_bytes = captured_dm(name);
            assert_int_equal(drop_netlink_parse_config(message(&config_bytes), &config), 0);
            assert_int_equal(config.packet_mode, packet_mode);
            assert_int_equal(config.queue_length, 1000);
            assert_int_equal(drop_netlink_parse_stats(message(&config_bytes), &dropped), -EBADMSG);
            (void)snprintf(name, sizeof(name), "%s/stats-%s", kernels[i], mode);
            _cleanup_(bytes_done) struct bytes stats_bytes = captured_dm(name);
            assert_int_equal(drop_netlink_parse_stats(message(&stats_bytes), &dropped), 0);
            assert_int_equal(dropped, 0);
            assert_int_equal(drop_netlink_parse_config(message(&stats_bytes), &config), -EBADMSG);
        }
    }
}

static void test_family(void **state)
{
    _cleanup_(bytes_done) struct bytes bytes = captured_dm("6.12/family");
    uint16_t family = 0;
    uint32_t group = 0;

    (void)state;
    assert_int_equal(drop_netlink_parse_family(message(&bytes), &family, &group), 0);
    assert_int_equal(family, 0x23);
    assert_int_equal(group, 1); /* of all families this one alone (genl_validate_assign_mc_groups) */
}

static int take_damaged(const struct nlmsghdr *message, void *data)
{
    struct drop_monitor_config config = {.queue_length = 7};
    struct drop_packet packet = {.location = 7};
    struct drop_payload payload = {.length = 7};
    struct points points = {};
    uint64_t dropped = 7;
    uint16_t family = 7;
    uint32_t group;
    int command = drop_netlink_command(message, message->nlmsg_type);

    (void)data;
    assert_int_equal(command < 0, message->nlmsg_len < NLMSG_HDRLEN + GENL_HDRLEN);
    assert_true(drop_netlink_parse_summary(message, take_point, &points) >= 0 || !points.count);
    assert_true(drop_netlink_parse_config(message, &config) == 0 || config.queue_length == 7);
    assert_true(drop_netlink_parse_packet(message, &packet) == 0 || packet.location == 7);
    assert_true(drop_netlink_parse_payload(message, &payload) == 0 ? payload.size <= message->nlmsg_len
                                                                   : payload.length == 7);
    assert_true(drop_netlink_parse_stats(message, &dropped) == 0 || dropped == 7);
    assert_true(drop_netlink_parse_family(message, &family, &group) == 0 || family == 7);
    return 0;
}

/* Row 12 of docs/faults.md: a wrong message is never half taken. */
static void test_row_12_cut_and_damaged(void **state)
{
    static const char *const names[] = {"summary-0",     "packet-0",     "packet-1",     "packet-2",
                                        "packet-3",      "family",       "stats-packet", "config-summary",
                                        "config-packet", "stats-summary"};
    static const char *const kernels[] = {"6.1", "6.12"};
    char path[64];

    (void)state;
    for (size_t i = 0; i < ELEMENTS(names); i++) {
        for (size_t k = 0; k < ELEMENTS(kernels); k++) {
            (void)snprintf(path, sizeof(path), "../net_dm/%s/%s", kernels[k], names[i]);
            damage_captured(path, (struct message_taker){take_damaged, NULL});
        }
    }
    damage_captured("../net_dm/6.1/summary-1", (struct message_taker){take_damaged, NULL});
}

/* What is cut off its end, the summary misses as a whole. */
static int take_cut_summary(const struct nlmsghdr *message, void *data)
{
    struct points points = {};

    if (message->nlmsg_len < *(const size_t *)data)
        assert_int_equal(drop_netlink_parse_summary(message, take_point, &points), -EBADMSG);
    assert_true(message->nlmsg_len == *(const size_t *)data || !points.count);
    return 0;
}

static void test_cut_summary(void **state)
{
    _cleanup_(bytes_done) struct bytes bytes = captured_dm("6.1/summary-1");
    struct message_taker taker = {take_cut_summary, &bytes.size};

    (void)state;
    each_prefix(bytes.data, bytes.size, take_cut_message, &taker);
}

static struct nl_msg *dm_message(uint8_t command)
{
    struct nl_msg *made = nlmsg_alloc_simple(0x20, 0);
    struct genlmsghdr header = {.cmd = command, .version = 2};

    assert_non_null(made);
    assert_int_equal(nlmsg_append(made, &header, sizeof(header), NLMSG_ALIGNTO), 0);
    return made;
}

/* A number of entries that the attribute does not hold, from one too many to as many as there are numbers. */
static void test_entries_beyond_the_attribute(void **state)
{
    static const uint32_t entries[] = {3, 64, 0x15555556, 0x40000000, UINT32_MAX};
    char payload[sizeof(uint32_t) + 2 * 12 + 11] = {};

    (void)state;
    for (size_t i = 0; i < ELEMENTS(entries); i++) {
        _cleanup_(nlmsg_freep) struct nl_msg *made = dm_message(NET_DM_CMD_ALERT);
        struct points points = {};

        memcpy(payload, &entries[i], sizeof(entries[i]));
        assert_int_equal(nla_put(made, NLA_UNSPEC, sizeof(payload), payload), 0);
        assert_int_equal(drop_netlink_parse_summary(nlmsg_hdr(made), take_point, &points), -EBADMSG);
        assert_int_equal(points.count, 0);
    }
}

/* As many sites as fit: the only sign that there were more. */
static void test_full_summary(void **state)
{
    _cleanup_(nlmsg_freep) struct nl_msg *made = dm_message(NET_DM_CMD_ALERT);
    char payload[sizeof(uint32_t) + DROP_SUMMARY_ENTRIES * 12] = {DROP_SUMMARY_ENTRIES};
    struct points points = {};

    (void)state;
    for (unsigned i = 0; i < DROP_SUMMARY_ENTRIES; i++)
        payload[4 + 12 * i] = (char)(i + 1);
    assert_int_equal(nla_put(made, NLA_UNSPEC, sizeof(payload), payload), 0);
    assert_int_equal(drop_netlink_parse_summary(nlmsg_hdr(made), take_point, &points), DROP_SUMMARY_ENTRIES);
    assert_int_equal(points.items[DROP_SUMMARY_ENTRIES - 1].location, DROP_SUMMARY_ENTRIES);
}

/* What a newer kernel adds, and what an older one has not. */
static void test_attributes(void **state)
{
    _cleanup_(nlmsg_freep) struct nl_msg *made = dm_message(NET_DM_CMD_PACKET_ALERT);
    char text[300];
    struct drop_packet packet;

    (void)state;
    memset(text, 'x', sizeof(text));
    assert_int_equal(nla_put_string(made, 4000, "a newer kernel's"), 0);
    assert_int_equal(nla_put(made, NET_DM_ATTR_SYMBOL, sizeof(text), text), 0);
    assert_int_equal(drop_netlink_parse_packet(nlmsg_hdr(made), &packet), -EBADMSG);
    assert_int_equal(nla_put_u32(made, NET_DM_ATTR_PC, 1), 0);
    assert_int_equal(drop_netlink_parse_packet(nlmsg_hdr(made), &packet), -EBADMSG);

    _cleanup_(nlmsg_freep) struct nl_msg *bare = dm_message(NET_DM_CMD_PACKET_ALERT);
    assert_int_equal(nla_put(bare, NET_DM_ATTR_SYMBOL, sizeof(text), text), 0);
    assert_int_equal(nla_put_u64(bare, NET_DM_ATTR_PC, 42), 0);
    assert_int_equal(drop_netlink_parse_packet(nlmsg_hdr(bare), &packet), 0);
    assert_int_equal(packet.location, 42);
    assert_int_equal(strlen(packet.symbol), sizeof(packet.symbol) - 1);
    assert_string_equal(packet.reason, "");
    assert_int_equal(packet.protocol, DROP_PROTOCOL_NONE);
    assert_int_equal(nla_put_u8(bare, NET_DM_ATTR_PROTO, 8), 0); /* half a number */
    assert_int_equal(drop_netlink_parse_packet(nlmsg_hdr(bare), &packet), 0);
    assert_int_equal(packet.protocol, DROP_PROTOCOL_NONE);

    _cleanup_(nlmsg_freep) struct nl_msg *empty = dm_message(NET_DM_CMD_CONFIG_NEW);
    struct drop_monitor_config config;
    assert_int_equal(nla_put(empty, NET_DM_ATTR_ALERT_MODE, 0, ""), 0);
    assert_int_equal(nla_put_u32(empty, NET_DM_ATTR_QUEUE_LEN, 1000), 0);
    assert_int_equal(drop_netlink_parse_config(nlmsg_hdr(empty), &config), -EBADMSG);
}

/* What is kept of a packet is never more than it had. */
static void test_payload(void **state)
{
    static const char bytes[60];
    struct drop_payload payload;

    (void)state;
    for (unsigned length = sizeof(bytes) - 1; length <= sizeof(bytes) + 1; length++) {
        _cleanup_(nlmsg_freep) struct nl_msg *made = dm_message(NET_DM_CMD_PACKET_ALERT);

        assert_int_equal(nla_put(made, NET_DM_ATTR_PAYLOAD, sizeof(bytes), bytes), 0);
        assert_int_equal(drop_netlink_parse_payload(nlmsg_hdr(made), &payload), -EBADMSG);
        assert_int_equal(nla_put_u32(made, NET_DM_ATTR_ORIG_LEN, length), 0);
        assert_int_equal(drop_netlink_parse_payload(nlmsg_hdr(made), &payload),
                         length < sizeof(bytes) ? -EBADMSG : 0);
        if (length < sizeof(bytes))
            continue;
        assert_int_equal(payload.size, sizeof(bytes));
        assert_int_equal(payload.length, length);
        assert_int_equal(payload.protocol, 0);
        assert_int_equal(nla_put_u8(made, NET_DM_ATTR_PROTO, 8), 0); /* half a number */
        assert_int_equal(drop_netlink_parse_payload(nlmsg_hdr(made), &payload), 0);
        assert_int_equal(payload.protocol, 0);
    }
}

static void test_protocols(void **state)
{
    static const struct {
        uint16_t ethertype;
        enum drop_protocol protocol;
    } cases[] = {
        {0, DROP_PROTOCOL_NONE},       {0x0800, DROP_PROTOCOL_IPV4},  {0x86dd, DROP_PROTOCOL_IPV6},
        {0x0806, DROP_PROTOCOL_ARP},   {0x8100, DROP_PROTOCOL_VLAN},  {0x88a8, DROP_PROTOCOL_VLAN},
        {0x88b5, DROP_PROTOCOL_OTHER}, {0x0008, DROP_PROTOCOL_OTHER}, {0xffff, DROP_PROTOCOL_OTHER},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++)
        assert_int_equal(drop_protocol_of(cases[i].ethertype), cases[i].protocol);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_summary),
        cmocka_unit_test(test_packet),
        cmocka_unit_test(test_state),
        cmocka_unit_test(test_family),
        cmocka_unit_test(test_row_12_cut_and_damaged),
        cmocka_unit_test(test_cut_summary),
        cmocka_unit_test(test_entries_beyond_the_attribute),
        cmocka_unit_test(test_full_summary),
        cmocka_unit_test(test_attributes),
        cmocka_unit_test(test_payload),
        cmocka_unit_test(test_protocols),
    };

    return cmocka_run_group_tests_name("drop_netlink_parse", tests, NULL, NULL);
}
