/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Link messages, captured and made up: what a link says of itself, and its statistics. */

#include "collectors/kernel/link_parse.h"

#include <errno.h>
#include <net/if_arp.h>
#include <string.h>

#include "base/utf8.h"
#include "tests/unit/damage.h"

#define R             UTF8_REPLACEMENT

#define ONLY_WHERE_UP (1 << LINK_CARRIER_WHERE_UP | 1 << LINK_DORMANT)

static void test_device_name(void **state)
{
    static const struct {
        const char *name, *device;
    } cases[] = {
        {"eth0", "eth0"},
        {"a\"b\\c", "a\"b\\c"}, /* escaping is not a matter of names */
        {"%d%s\x01", "%d%s\x01"},
        {"caf\xc3\xa9", "caf\xc3\xa9"},
        {"x~5", "x~5"},
        {"\xff\xfe", R R "~5"},
        {"\xff", R "~5"},
        {"\xc3", R "~5"},       /* truncated */
        {"\xc0\x80", R R "~5"}, /* overlong */
        {"a\xffz", "a" R "z~5"},
        {"\xe2\x82\xac", "\xe2\x82\xac"}, /* as long as U+FFFD */
        {R, R "~5"},                      /* could be taken for a replaced one */
        {"a" R "~7", "a" R "~7~5"},
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", R R R R R R R R R R R R R R R "~5"},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        char device[LINK_DEVICE_SIZE];

        link_device_name(cases[i].name, 5, device);
        assert_string_equal(device, cases[i].device);
    }
}

static void test_device_name_longest(void **state)
{
    char device[LINK_DEVICE_SIZE];

    (void)state;
    link_device_name("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 2147483647, device);
    assert_int_equal(strlen(device), 15 * strlen(R) + strlen("~2147483647"));
    assert_string_equal(device + 15 * strlen(R), "~2147483647");
}

/* Row 6 of docs/faults.md: names of all kinds that look alike once replaced, on links of indexes that look
 * alike too. */
static void test_row_06_device_name_stays_unique(void **state)
{
    static const char *const names[] = {
        "\xff",  "\xfe",  R,     R "~1",     R "~11", "\xff~1",   "\xff~11",  "\xff~1~1", "a",     "a~1",
        "a\xff", "a\xfe", "a" R, "a" R "~1", "~1",    "\xff\xff", "\xc3\xff", R R,        "\xff" R};
    enum { INDEXES = 12, COUNT = ELEMENTS(names) * INDEXES };
    static char devices[COUNT][LINK_DEVICE_SIZE];

    (void)state;
    for (size_t i = 0; i < COUNT; i++)
        link_device_name(names[i / INDEXES], (int)(i % INDEXES) + 1, devices[i]);
    for (size_t i = 0; i < COUNT; i++) {
        assert_true(utf8_valid(devices[i], strlen(devices[i])));
        for (size_t k = 0; k < i; k++)
            if (names[i / INDEXES] != names[k / INDEXES] && i % INDEXES != k % INDEXES)
                assert_string_not_equal(devices[i], devices[k]);
    }
}

struct collected {
    struct link links[16];
    struct link_texts texts[16];
    struct link_statistics statistics[16];
    size_t link_count, statistics_count;
};

static int collect_message(const struct nlmsghdr *message, void *data)
{
    struct collected *collected = data;

    if (message->nlmsg_type == RTM_NEWLINK) {
        size_t i = collected->link_count++;

        assert_int_equal(link_parse(message, &collected->texts[i], &collected->links[i]), 0);
    }
    if (link_parse_statistics(message, &collected->statistics[collected->statistics_count]) == 0)
        collected->statistics_count++;
    return 0;
}

static void collect(struct collected *collected, const char *file)
{
    struct bytes bytes = captured(file);

    memset(collected, 0, sizeof(*collected));
    assert_int_equal(netlink_walk(bytes.data, bytes.size, collect_message, collected), 0);
    bytes_done(&bytes);
}

static void test_captured_links(void **state)
{
    static const struct {
        int ifindex;
        const char *name, *device, *kind, *address, *alias;
        int master;
        uint32_t mtu, queue_limit, up, admin_up, carrier;
    } cases[] = {
        {1, "lo", "lo", "loopback", "00:00:00:00:00:00", "", 0, 65536, 1000, 1, 1, 1},
        {10, "br0", "br0", "bridge", "02:00:00:00:00:10", "", 0, 9000, 1000, 0, 0, 0},
        {20, "v0", "v0", "veth", "02:00:00:00:00:20", "port \"7\"", 10, 9000, 1000, 0, 1, 0},
        {21, "v1", "v1", "veth", "02:00:00:00:00:21", "", 0, 1500, 1000, 0, 0, 0},
        {30, "\xff\xfe", R R "~30", "ifb", "02:00:00:00:00:30", "", 0, 1500, 32, 0, 0, 1},
        {31, "a\"b\\c", "a\"b\\c", "ifb", "02:00:00:00:00:31", "", 0, 1500, 32, 0, 0, 1},
    };
    struct collected collected;

    (void)state;
    collect(&collected, "getlink");
    assert_int_equal(collected.link_count, ELEMENTS(cases));
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        const struct link *link = &collected.links[i];

        assert_int_equal(link->ifindex, cases[i].ifindex);
        assert_string_equal(link->name, cases[i].name);
        assert_string_equal(link->device, cases[i].device);
        assert_string_equal(link->kind, cases[i].kind);
        assert_string_equal(link->address, cases[i].address);
        assert_string_equal(link->alias, cases[i].alias);
        assert_string_equal(link->bus, "");
        assert_int_equal(link->master, cases[i].master);
        assert_int_equal(link->present,
                         ((1 << LINK_NUMBER_COUNT) - 1) & ~(cases[i].admin_up ? 0 : ONLY_WHERE_UP));
        assert_int_equal(link->numbers[LINK_MTU], cases[i].mtu);
        assert_int_equal(link->numbers[LINK_TRANSMIT_QUEUE_LIMIT], cases[i].queue_limit);
        assert_int_equal(link->numbers[LINK_UP], cases[i].up);
        assert_int_equal(link->numbers[LINK_ADMIN_UP], cases[i].admin_up);
        assert_int_equal(link->numbers[LINK_CARRIER], cases[i].carrier);
        assert_int_equal(link->numbers[LINK_CARRIER_CHANGES],
                         link->numbers[LINK_CARRIER_UP_CHANGES] + link->numbers[LINK_CARRIER_DOWN_CHANGES]);
        assert_int_equal(link->born | link->seen | link->row, 0);
    }
}

/* As /sys/class/net had them when the fixture was made; ifindex, iflink, group and the rest of v0 and lo. */
static void test_numbers_of_sysfs(void **state)
{
    static const struct {
        size_t link;
        enum link_number number;
        uint32_t value;
    } cases[] = {
        {0, LINK_OPERATIONAL, 0},
        {0, LINK_CARRIER_WHERE_UP, 1},
        {0, LINK_DORMANT, 0},
        {0, LINK_FLAGS, 0x9},
        {0, LINK_INDEX, 1},
        {0, LINK_OTHER, 1},
        {0, LINK_TYPE, ARPHRD_LOOPBACK},
        {0, LINK_MODE, 0},
        {0, LINK_GROUP, 0},
        {2, LINK_OTHER, 21},
        {3, LINK_OTHER, 20},
        {2, LINK_TYPE, ARPHRD_ETHER},
        {2, LINK_FLAGS, 0x1303},
        {2, LINK_CARRIER_WHERE_UP, 0},
        {3, LINK_FLAGS, 0x1002},
    };
    struct collected collected;

    (void)state;
    collect(&collected, "getlink");
    for (size_t i = 0; i < ELEMENTS(cases); i++)
        if (collected.links[cases[i].link].numbers[cases[i].number] != cases[i].value)
            fail_msg("link %zu, number %d: %#x", cases[i].link, cases[i].number,
                     collected.links[cases[i].link].numbers[cases[i].number]);
}

/* RTEXT_FILTER_SKIP_STATS, by which "getlink" differs from "getlink_stats", is about other statistics. */
static void test_all_dumps_have_the_same_statistics(void **state)
{
    static const char *const files[] = {"getlink", "getlink_stats"};
    struct collected getlink, getstats;

    (void)state;
    collect(&getstats, "getstats");
    assert_int_equal(getstats.statistics_count, 6);
    for (size_t file = 0; file < ELEMENTS(files); file++) {
        collect(&getlink, files[file]);
        assert_int_equal(getlink.statistics_count, 6);
        for (size_t i = 0; i < 6; i++) {
            assert_int_equal(getstats.statistics[i].count, LINK_STATISTIC_COUNT);
            assert_memory_equal(&getstats.statistics[i], &getlink.statistics[i],
                                sizeof(struct link_statistics));
        }
    }
}

/* Older kernels have fewer fields, newer ones more; rows 22 and 24: values are what they are. */
static void test_statistics_of_other_kernels(void **state)
{
    static const struct {
        size_t size;
        int result;
        uint32_t count;
    } cases[] = {{0, -ENODATA, 0}, {7, -ENODATA, 0},    {23 * 8, 0, 23}, {24 * 8, 0, 24},
                 {25 * 8, 0, 25},  {25 * 8 + 4, 0, 25}, {40 * 8, 0, 25}};
    uint64_t values[40];

    (void)state;
    for (size_t i = 0; i < ELEMENTS(values); i++)
        values[i] = UINT64_MAX - i;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct if_stats_msg header = {.ifindex = 3};
        struct nl_msg *message = nlmsg_alloc_simple(RTM_NEWSTATS, 0);
        struct link_statistics statistics = {};

        assert_int_equal(nlmsg_append(message, &header, sizeof(header), NLMSG_ALIGNTO), 0);
        assert_int_equal(nla_put(message, IFLA_STATS_LINK_64, (int)cases[i].size, values), 0);
        assert_int_equal(link_parse_statistics(nlmsg_hdr(message), &statistics), cases[i].result);
        assert_int_equal(statistics.count, cases[i].count);
        assert_memory_equal(statistics.values, values, cases[i].count * sizeof(uint64_t));
        nlmsg_free(message);
    }
}

static void test_statistics_that_are_none(void **state)
{
    struct nl_msg *short_stats = nlmsg_alloc_simple(RTM_NEWSTATS, 0);
    struct nl_msg *short_link = nlmsg_alloc_simple(RTM_NEWLINK, 0);
    struct nl_msg *nobody = link_message(RTM_NEWLINK, AF_UNSPEC, 0, 0);
    struct nl_msg *bridge = link_message(RTM_NEWLINK, AF_BRIDGE, 4, 0);
    struct nl_msg *other = link_message(RTM_NEWADDR, AF_UNSPEC, 4, 0);
    struct link_statistics statistics;

    (void)state;
    assert_int_equal(link_parse_statistics(nlmsg_hdr(short_stats), &statistics), -EBADMSG);
    assert_int_equal(link_parse_statistics(nlmsg_hdr(short_link), &statistics), -EBADMSG);
    assert_int_equal(link_parse_statistics(nlmsg_hdr(nobody), &statistics), -EBADMSG);
    assert_int_equal(link_parse_statistics(nlmsg_hdr(bridge), &statistics), -ENODATA);
    assert_int_equal(link_parse_statistics(nlmsg_hdr(other), &statistics), -ENODATA);
    nlmsg_free(short_stats);
    nlmsg_free(short_link);
    nlmsg_free(nobody);
    nlmsg_free(bridge);
    nlmsg_free(other);
}

static void test_up(void **state)
{
    static const struct {
        unsigned flags;
        uint32_t up, admin_up;
        const char *kind;
    } cases[] = {
        {0, 0, 0, "physical"},
        {IFF_UP, 0, 1, "physical"},
        {IFF_RUNNING, 0, 0, "physical"},
        {IFF_UP | IFF_RUNNING, 1, 1, "physical"},
        {IFF_UP | IFF_RUNNING | IFF_LOOPBACK, 1, 1, "loopback"},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct nl_msg *message = newlink(2, "x");
        struct link_texts texts;
        struct link link;

        ((struct ifinfomsg *)nlmsg_data(nlmsg_hdr(message)))->ifi_flags = cases[i].flags;
        assert_int_equal(link_parse(nlmsg_hdr(message), &texts, &link), 0);
        assert_int_equal(link.numbers[LINK_UP], cases[i].up);
        assert_int_equal(link.numbers[LINK_ADMIN_UP], cases[i].admin_up);
        assert_string_equal(link.kind, cases[i].kind);
        assert_int_equal(link.present & ((1 << LINK_SHOWN_COUNT) - 1),
                         1 << LINK_UP | 1 << LINK_ADMIN_UP | 1 << LINK_MTU);
        assert_int_equal(link.present >> LINK_DORMANT & 1, cases[i].admin_up);
        nlmsg_free(message);
    }
}

/* What sysfs has and the flags of the message do not, or not all of it. */
static void test_flags_and_state_of_sysfs(void **state)
{
    static const struct {
        unsigned flags;
        uint32_t promiscuity, allmulti;
        uint8_t operstate;
        uint32_t expected_flags, expected_up;
    } cases[] = {
        {IFF_UP | IFF_RUNNING | 0x10000, 0, 0, 6, IFF_UP, 1},
        {IFF_UP | 0x20000, 1, 0, 5, IFF_UP | IFF_PROMISC, 0},
        {IFF_MULTICAST, 0, 2, 0, IFF_MULTICAST | IFF_ALLMULTI, 0},
        {IFF_UP | IFF_PROMISC, 3, 1, 2, IFF_UP | IFF_PROMISC | IFF_ALLMULTI, 0},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct nl_msg *message = newlink(2, "x");
        struct link_texts texts;
        struct link link;

        ((struct ifinfomsg *)nlmsg_data(nlmsg_hdr(message)))->ifi_flags = cases[i].flags;
        assert_int_equal(nla_put_u32(message, IFLA_PROMISCUITY, cases[i].promiscuity), 0);
        assert_int_equal(nla_put_u32(message, IFLA_ALLMULTI, cases[i].allmulti), 0);
        assert_int_equal(nla_put_u8(message, IFLA_OPERSTATE, cases[i].operstate), 0);
        assert_int_equal(nla_put_u8(message, IFLA_CARRIER, 1), 0);
        assert_int_equal(nla_put(message, IFLA_LINKMODE, 0, NULL), 0); /* too short: it is not there */
        assert_int_equal(link_parse(nlmsg_hdr(message), &texts, &link), 0);
        assert_int_equal(link.numbers[LINK_FLAGS], cases[i].expected_flags);
        assert_int_equal(link.numbers[LINK_OPERATIONAL], cases[i].expected_up);
        assert_int_equal(link.numbers[LINK_DORMANT], cases[i].flags >> 17 & 1);
        assert_int_equal(link.present >> LINK_CARRIER_WHERE_UP & 1, cases[i].flags & IFF_UP);
        assert_false(link.present >> LINK_MODE & 1);
        nlmsg_free(message);
    }
}

static void test_texts_are_cut_to_size(void **state)
{
    struct nl_msg *message = newlink(2, "a-name-of-more-than-15-bytes");
    unsigned char address[40];
    char text[400] = {};
    struct link_texts texts;
    struct link link;

    (void)state;
    memset(text, 'k', sizeof(text) - 1);
    memset(address, 0xab, sizeof(address));
    put_kind(message, text);
    assert_int_equal(nla_put_string(message, IFLA_IFALIAS, text), 0);
    assert_int_equal(nla_put_string(message, IFLA_PARENT_DEV_NAME, text), 0);
    assert_int_equal(nla_put(message, IFLA_ADDRESS, sizeof(address), address), 0);
    assert_int_equal(link_parse(nlmsg_hdr(message), &texts, &link), 0);
    assert_string_equal(link.name, "a-name-of-more-");
    assert_int_equal(strlen(link.kind), LINK_KIND_SIZE - 1);
    assert_int_equal(strlen(link.alias), LINK_ALIAS_SIZE - 1);
    assert_int_equal(strlen(link.bus), LINK_BUS_SIZE - 1);
    assert_int_equal(strlen(link.address), 32 * 3 - 1);
    nlmsg_free(message);
}

static void test_what_is_passed_over(void **state)
{
    struct nl_msg *wireless = link_message(RTM_NEWLINK, AF_UNSPEC, 2, 0); /* has no MTU */
    struct nl_msg *port = link_message(RTM_DELLINK, AF_BRIDGE, 2, 0);
    struct nl_msg *nameless = link_message(RTM_NEWLINK, AF_UNSPEC, 2, 0);
    struct nl_msg *negative = newlink(-1, "x");
    struct nl_msg *empty = nlmsg_alloc_simple(RTM_NEWLINK, 0);
    struct nl_msg *deleted = link_message(RTM_DELLINK, AF_UNSPEC, 2, 0);
    struct link_texts texts;
    struct link link = {.ifindex = 99};

    (void)state;
    assert_int_equal(nla_put_string(wireless, IFLA_IFNAME, "wlan0"), 0);
    assert_int_equal(nla_put_u32(nameless, IFLA_MTU, 1500), 0);
    assert_int_equal(nla_put_string(deleted, IFLA_IFNAME, "x"), 0);
    assert_int_equal(link_parse(nlmsg_hdr(wireless), &texts, &link), -ENODATA);
    assert_int_equal(link_parse(nlmsg_hdr(port), &texts, &link), -ENODATA);
    assert_int_equal(link_parse(nlmsg_hdr(nameless), &texts, &link), -EBADMSG);
    assert_int_equal(link_parse(nlmsg_hdr(negative), &texts, &link), -EBADMSG);
    assert_int_equal(link_parse(nlmsg_hdr(empty), &texts, &link), -EBADMSG);
    assert_int_equal(link.ifindex, 99); /* untouched */
    assert_int_equal(link_parse(nlmsg_hdr(deleted), &texts, &link), 0);
    assert_int_equal(link.ifindex, 2);
    nlmsg_free(wireless);
    nlmsg_free(port);
    nlmsg_free(nameless);
    nlmsg_free(negative);
    nlmsg_free(empty);
    nlmsg_free(deleted);
}

static void test_bus_and_short_numbers(void **state)
{
    struct nl_msg *message = newlink(2, "eth0");
    struct link_texts texts;
    struct link link;

    (void)state;
    assert_int_equal(nla_put_string(message, IFLA_PARENT_DEV_NAME, "0000:03:00.0"), 0);
    assert_int_equal(nla_put_u8(message, IFLA_TXQLEN, 9), 0);
    assert_int_equal(nla_put(message, IFLA_CARRIER, 0, ""), 0);
    assert_int_equal(nla_put_u16(message, IFLA_MASTER, 9), 0);
    assert_int_equal(link_parse(nlmsg_hdr(message), &texts, &link), 0);
    assert_string_equal(link.bus, "0000:03:00.0");
    assert_int_equal(link.present & (1 << LINK_TRANSMIT_QUEUE_LIMIT | 1 << LINK_CARRIER), 0);
    assert_int_equal(link.master, 0);
    nlmsg_free(message);
}

static int take_damaged(const struct nlmsghdr *message, void *data)
{
    struct link_texts texts;
    struct link link = {.ifindex = 99};
    struct link_statistics statistics = {.ifindex = 99};
    int error = link_parse(message, &texts, &link);

    (void)data;
    assert_true(error == 0 || error == -EBADMSG || error == -ENODATA);
    assert_true(error == 0 ? link.ifindex > 0 && link.name[0] : link.ifindex == 99);
    assert_true(error < 0 || utf8_valid(link.device, strlen(link.device)));
    error = link_parse_statistics(message, &statistics);
    assert_true(error == 0 || error == -EBADMSG || error == -ENODATA);
    assert_true(error == 0 ? statistics.ifindex > 0 && statistics.count > 0 : statistics.ifindex == 99);
    return 0;
}

/* Row 12 of docs/faults.md. */
static void test_row_12_cut_and_damaged(void **state)
{
    static const char *const files[] = {"getlink", "getlink_stats", "getstats", "notifications",
                                        "notifications_deleted"};

    (void)state;
    for (size_t i = 0; i < ELEMENTS(files); i++)
        damage_captured(files[i], (struct message_taker){take_damaged, NULL});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_device_name),
        cmocka_unit_test(test_device_name_longest),
        cmocka_unit_test(test_row_06_device_name_stays_unique),
        cmocka_unit_test(test_captured_links),
        cmocka_unit_test(test_numbers_of_sysfs),
        cmocka_unit_test(test_flags_and_state_of_sysfs),
        cmocka_unit_test(test_all_dumps_have_the_same_statistics),
        cmocka_unit_test(test_statistics_of_other_kernels),
        cmocka_unit_test(test_statistics_that_are_none),
        cmocka_unit_test(test_up),
        cmocka_unit_test(test_texts_are_cut_to_size),
        cmocka_unit_test(test_what_is_passed_over),
        cmocka_unit_test(test_bus_and_short_numbers),
        cmocka_unit_test(test_row_12_cut_and_damaged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
