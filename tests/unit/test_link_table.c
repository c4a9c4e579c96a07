/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of links: driven by captured and made-up messages, then by the running kernel. */

#include "collectors/kernel/link_table.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "tests/unit/netlink_bytes.h"

static int links_setup(void **state)
{
    static struct limits limits;
    struct link_table *links = calloc(1, sizeof(*links));

    limits = (struct limits){};
    links->limits = &limits;
    *state = links;
    return 0;
}

static int links_teardown(void **state)
{
    link_table_close(*state);
    free(*state);
    return 0;
}

static int take(const struct nlmsghdr *message, void *data)
{
    return link_table_take(data, message);
}

static void take_captured(struct link_table *links, const char *file)
{
    struct bytes bytes = captured(file);

    assert_int_equal(netlink_walk(bytes.data, bytes.size, take, links), 0);
    bytes_done(&bytes);
    for (size_t i = 1; i < links->count; i++)
        assert_true(links->items[i - 1]->ifindex < links->items[i]->ifindex);
}

static void take_made(struct link_table *links, struct nl_msg *message)
{
    assert_int_equal(link_table_take(links, nlmsg_hdr(message)), 0);
    nlmsg_free(message);
}

static void test_dump_then_notifications(void **state)
{
    struct link_table *links = *state;

    take_captured(links, "getlink");
    assert_int_equal(links->count, 6);
    assert_string_equal(link_table_find(links, 21)->device, "v1");

    /* Renamed, enslaved, set up, freed again: by then it must not have been taken for deleted. */
    take_captured(links, "notifications");
    assert_int_equal(links->count, 6);
    assert_string_equal(link_table_find(links, 21)->device, "renamed");
    assert_int_equal(link_table_find(links, 21)->master, 0);
    assert_int_equal(link_table_find(links, 21)->numbers[LINK_UP], 1);
    assert_int_equal(link_table_find(links, 20)->master, 10);

    take_captured(links, "notifications_deleted");
    assert_int_equal(links->count, 4);
    assert_null(link_table_find(links, 20));
    assert_null(link_table_find(links, 21));
    assert_string_equal(link_table_find(links, 31)->device, "a\"b\\c");
}

/* ioctls go by the name: it counts as a change even where the label's text is the same. */
static void test_a_name_changes_behind_the_same_label(void **state)
{
    struct link_table *links = *state;
    char label[LINK_DEVICE_SIZE];
    uint64_t generation;

    take_made(links, newlink(7, "\xff"));
    strcpy(label, link_table_find(links, 7)->device);
    link_table_find(links, 7)->row = 42;
    generation = links->generation;
    take_made(links, newlink(7, "\xff"));
    assert_int_equal(links->generation, generation);

    take_made(links, newlink(7, "\xfe"));
    assert_int_equal(links->generation, generation + 1);
    assert_string_equal(link_table_find(links, 7)->device, label);
    assert_string_equal(link_table_find(links, 7)->name, "\xfe");
    assert_int_equal(link_table_find(links, 7)->row, 42);
}

static void test_insertion_in_any_order(void **state)
{
    static const int order[] = {512, 256, 1, 257, 513, 2, 258, 3};
    struct link_table *links = *state;

    for (size_t i = 0; i < ELEMENTS(order); i++)
        take_made(links, newlink(order[i], "x"));
    assert_int_equal(links->count, ELEMENTS(order));
    for (size_t i = 0; i < ELEMENTS(order); i++)
        assert_int_equal(link_table_find(links, order[i])->ifindex, order[i]);
    assert_null(link_table_find(links, 4));
    assert_null(link_table_find(links, 0));
    assert_null(link_table_find(links, 514));
}

static struct nl_msg *with_u32(struct nl_msg *message, int attribute, uint32_t value)
{
    assert_int_equal(nla_put_u32(message, attribute, value), 0);
    return message;
}

static struct nl_msg *with_string(struct nl_msg *message, int attribute, const char *value)
{
    assert_int_equal(nla_put_string(message, attribute, value), 0);
    return message;
}

static struct nl_msg *with_kind(struct nl_msg *message, const char *kind)
{
    put_kind(message, kind);
    return message;
}

/* It moves for what stands in a label, and for nothing else. */
static void test_generation(void **state)
{
    struct link_table *links = *state;
    const struct {
        struct nl_msg *message;
        bool moves;
    } cases[] = {
        {newlink(5, "a"), true},
        {newlink(5, "a"), false},
        {with_u32(newlink(5, "a"), IFLA_TXQLEN, 7), false},
        {with_u32(newlink(5, "a"), IFLA_CARRIER_CHANGES, 7), false},
        {newlink(5, "b"), true},
        {with_u32(newlink(5, "b"), IFLA_MASTER, 9), true},
        {newlink(5, "b"), true},
        {with_string(newlink(5, "b"), IFLA_IFALIAS, "port 1"), true},
        {with_string(newlink(5, "b"), IFLA_IFALIAS, "port 1"), false},
        {with_string(newlink(5, "b"), IFLA_PARENT_DEV_NAME, "virtio0"), true},
        {with_string(newlink(5, "b"), IFLA_ADDRESS, "xyz"), true},
        {with_kind(newlink(5, "b"), "bond"), true},
        {link_message(RTM_DELLINK, AF_BRIDGE, 5, 0), false},
        {link_message(RTM_NEWLINK, AF_UNSPEC, 5, 0), false}, /* no MTU */
        {link_message(RTM_NEWADDR, AF_UNSPEC, 5, 0), false},
        {with_string(link_message(RTM_DELLINK, AF_UNSPEC, 6, 0), IFLA_IFNAME, "b"), false}, /* not known */
        {with_string(link_message(RTM_DELLINK, AF_UNSPEC, 5, 0), IFLA_IFNAME, "b"), true},
    };

    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        uint64_t before = links->generation;

        take_made(links, cases[i].message);
        if ((links->generation != before) != cases[i].moves)
            fail_msg("case %zu", i);
    }
    assert_int_equal(links->count, 0);
}

static void test_update_keeps_the_owners_row(void **state)
{
    struct link_table *links = *state;

    take_made(links, newlink(5, "a"));
    link_table_find(links, 5)->row = 42;
    take_made(links, newlink(5, "b"));
    assert_int_equal(link_table_find(links, 5)->row, 42);
}

static struct nl_msg *dellink(int ifindex)
{
    return with_string(link_message(RTM_DELLINK, AF_UNSPEC, ifindex, 0), IFLA_IFNAME, "x");
}

/* Row 1 of docs/faults.md: what happened to an ifindex since the dump began. */
static void test_row_01_join_of_links_that_came_and_went(void **state)
{
    struct link_table *links = *state;
    size_t hint = 0;

    for (int ifindex = 1; ifindex <= 5; ifindex++)
        take_made(links, newlink(ifindex, "x"));
    links->round = 0;
    link_table_begin(links);
    take_made(links, dellink(2));
    take_made(links, dellink(4));
    take_made(links, newlink(4, "x")); /* another device of the same index */
    take_made(links, newlink(3, "renamed"));
    take_made(links, newlink(6, "new"));

    assert_int_equal(link_table_join(links, 1, &hint)->ifindex, 1);
    assert_null(link_table_join(links, 2, &hint));
    assert_string_equal(link_table_join(links, 3, &hint)->device, "renamed");
    assert_null(link_table_join(links, 4, &hint));
    assert_int_equal(link_table_join(links, 5, &hint)->ifindex, 5);
    assert_null(link_table_join(links, 6, &hint));
    assert_int_equal(link_table_join(links, 1, &hint)->ifindex, 1); /* not in order: slower, but found */
    assert_false(links->resync_due);

    link_table_begin(links);
    hint = 0;
    assert_int_equal(link_table_join(links, 4, &hint)->ifindex, 4);
    assert_int_equal(link_table_join(links, 6, &hint)->ifindex, 6);
}

static void test_join_of_an_unknown_index_asks_for_a_resync(void **state)
{
    struct link_table *links = *state;
    size_t hint = 0;

    take_made(links, newlink(1, "x"));
    link_table_begin(links);
    assert_null(link_table_join(links, 7, &hint));
    assert_true(links->resync_due);

    /* Not where it may have been deleted just now, or is one too many. */
    links->resync_due = false;
    take_made(links, dellink(1));
    assert_null(link_table_join(links, 7, &hint));
    assert_false(links->resync_due);
    link_table_begin(links);
    links->full = true;
    assert_null(link_table_join(links, 7, &hint));
    assert_false(links->resync_due);
}

static void test_limit(void **state)
{
    struct link_table *links = *state;

    for (int ifindex = 1; ifindex <= DEVICES_MAX + 2; ifindex++)
        take_made(links, newlink(ifindex, "x"));
    assert_int_equal(links->count, DEVICES_MAX);
    assert_true(links->full);
    assert_int_equal(links->limits->hits[LIMIT_DEVICES], 2);
    take_made(links, newlink(1, "still followed"));
    assert_string_equal(link_table_find(links, 1)->device, "still followed");
}

static int open_setup(void **state)
{
    static struct limits limits;
    struct link_table *links = calloc(1, sizeof(*links));

    limits = (struct limits){};
    *state = links;
    return link_table_open(links, &limits, NULL);
}

static void test_resync_against_the_running_kernel(void **state)
{
    static const int nobody = 0x7ffffff0;
    struct link_table *links = *state;
    uint64_t now_ns = NS_PER_SECOND, generation;

    assert_int_equal(links->count, 0);
    assert_int_equal(link_table_update(links, now_ns, NULL), 0);
    assert_string_equal(link_table_find(links, 1)->device, "lo");
    assert_string_equal(link_table_find(links, 1)->kind, "loopback");

    /* A stale link stays until a resync is due, and is gone then. */
    take_made(links, newlink(nobody, "stale"));
    assert_int_equal(link_table_update(links, now_ns + 60 * NS_PER_SECOND - 1, NULL), 0);
    assert_non_null(link_table_find(links, nobody));
    link_table_begin(links);
    assert_int_equal(link_table_update(links, now_ns + 60 * NS_PER_SECOND, NULL), 0);
    assert_null(link_table_find(links, nobody));
    assert_true(links->removed >= 1);

    /* A resync that finds nothing new changes nothing that costs. */
    generation = links->generation;
    assert_int_equal(link_table_update(links, now_ns + 120 * NS_PER_SECOND, NULL), 0);
    assert_int_equal(links->generation, generation);
}

static void test_resync_after_a_loss(void **state)
{
    static const int nobody = 0x7ffffff0;
    struct link_table *links = *state;

    assert_int_equal(link_table_update(links, 1, NULL), 0);
    take_made(links, newlink(nobody, "stale"));
    links->lost = links->resync_due = true;
    assert_int_equal(link_table_update(links, 2, NULL), 0);
    assert_null(link_table_find(links, nobody));
    assert_false(links->lost);
    assert_false(links->resync_due);
}

static struct nl_msg *veth_to(int ifindex, int netns_id)
{
    struct nl_msg *message = newlink(ifindex, "v");

    if (netns_id >= -1)
        assert_int_equal(nla_put_s32(message, IFLA_LINK_NETNSID, netns_id), 0);
    return message;
}

/* What the owner knows of the other end holds for as long as that is in the same namespace. */
static void test_other_ends(void **state)
{
    struct link_table *links = *state;
    uint64_t generation;

    take_made(links, veth_to(2, 0));
    assert_int_equal(link_table_find(links, 2)->netns_id, 0);
    assert_false(link_table_find(links, 2)->owner_asked);
    link_table_find(links, 2)->owner_asked = true;
    generation = links->generation;
    take_made(links, veth_to(2, 0));
    assert_int_equal(links->generation, generation);
    assert_true(link_table_find(links, 2)->owner_asked);
    take_made(links, veth_to(2, INT32_MAX));
    assert_int_equal(links->generation, generation + 1);
    assert_int_equal(link_table_find(links, 2)->netns_id, INT32_MAX);
    assert_false(link_table_find(links, 2)->owner_asked);
    take_made(links, veth_to(2, -1)); /* its namespace is going */
    assert_int_equal(link_table_find(links, 2)->netns_id, -1);
    take_made(links, veth_to(2, -2)); /* nothing is said */
    assert_int_equal(link_table_find(links, 2)->netns_id, -1);
    assert_int_equal(links->generation, generation + 2);
}

/* A device goes to another namespace: its peer's other end is there from now on, and nobody says so. */
static void test_peers_are_followed(void **state)
{
    struct link_table *links = *state;

    for (unsigned follow = 0; follow < 2; follow++) {
        struct nl_msg *moved = dellink(3);

        links->follow_peers = follow;
        assert_int_equal(nla_put_s32(moved, IFLA_NEW_NETNSID, 0), 0);
        take_made(links, dellink(2));
        assert_false(links->resync_due);
        take_made(links, moved);
        assert_true(links->resync_due == (follow == 1));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_dump_then_notifications, links_setup, links_teardown),
        cmocka_unit_test_setup_teardown(test_a_name_changes_behind_the_same_label, links_setup,
                                        links_teardown),
        cmocka_unit_test_setup_teardown(test_insertion_in_any_order, links_setup, links_teardown),
        cmocka_unit_test_setup_teardown(test_generation, links_setup, links_teardown),
        cmocka_unit_test_setup_teardown(test_update_keeps_the_owners_row, links_setup, links_teardown),
        cmocka_unit_test_setup_teardown(test_row_01_join_of_links_that_came_and_went, links_setup,
                                        links_teardown),
        cmocka_unit_test_setup_teardown(test_join_of_an_unknown_index_asks_for_a_resync, links_setup,
                                        links_teardown),
        cmocka_unit_test_setup_teardown(test_limit, links_setup, links_teardown),
        cmocka_unit_test_setup_teardown(test_resync_against_the_running_kernel, open_setup, links_teardown),
        cmocka_unit_test_setup_teardown(test_resync_after_a_loss, open_setup, links_teardown),
        cmocka_unit_test_setup_teardown(test_other_ends, links_setup, links_teardown),
        cmocka_unit_test_setup_teardown(test_peers_are_followed, links_setup, links_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
