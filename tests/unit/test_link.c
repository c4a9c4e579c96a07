/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The link collector's columns and rows from captured links, and the collector itself against the running
 * kernel. */

#include "collectors/link/link.h"

#include <errno.h>
#include <string.h>

#include "collectors/link/link_columns.h"
#include "collectors/link/link_rows.h"
#include "tests/unit/netlink_bytes.h"

static int take(const struct nlmsghdr *message, void *data)
{
    return link_table_take(data, message);
}

struct fixture {
    struct limits limits;
    struct link_table links;
    struct link_rows rows;
    struct device_filter filter;
};

static int fixture_setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    struct bytes bytes = captured("getlink");

    fixture->links = (struct link_table){.limits = &fixture->limits, .generation = 1};
    assert_int_equal(netlink_walk(bytes.data, bytes.size, take, &fixture->links), 0);
    bytes_done(&bytes);
    *state = fixture;
    return options_init(&device_filter_options, &fixture->filter);
}

static int fixture_teardown(void **state)
{
    struct fixture *fixture = *state;

    options_done(&device_filter_options, &fixture->filter);
    link_rows_done(&fixture->rows);
    link_table_close(&fixture->links);
    free(fixture);
    return 0;
}

static void update(struct fixture *fixture)
{
    assert_int_equal(link_rows_update(&fixture->rows, &fixture->links, &fixture->filter), 0);
}

static void assert_row(const struct row_set *rows, size_t row, const char *text)
{
    char label[512];

    assert_true(row < rows->count);
    (void)snprintf(label, sizeof(label), "%.*s", (int)(rows->offsets[row + 1] - rows->offsets[row]),
                   rows->text + rows->offsets[row]);
    assert_string_equal(label, text);
}

static void exclude_kinds(struct fixture *fixture, const char *kinds)
{
    const struct option_table *table = &device_filter_options;

    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->options[i].key, "exclude_kinds") == 0)
            assert_int_equal(option_set_text(&table->options[i], &fixture->filter, kinds, NULL), 0);
}

static void test_rows(void **state)
{
    struct fixture *fixture = *state;

    update(fixture);
    assert_int_equal(fixture->rows.links->count, 4);
    assert_row(fixture->rows.links, 0, "{device=\"lo\",kind=\"loopback\"} ");
    assert_row(fixture->rows.links, 1, "{device=\"br0\",kind=\"bridge\"} ");
    assert_row(fixture->rows.links, 2, "{device=\"\xef\xbf\xbd\xef\xbf\xbd~30\",kind=\"ifb\"} ");
    assert_row(fixture->rows.links, 3, "{device=\"a\\\"b\\\\c\",kind=\"ifb\"} ");
    assert_int_equal(link_table_find(&fixture->links, 31)->row, 3);
    assert_int_equal(link_table_find(&fixture->links, 20)->row, LINK_NO_ROW);

    assert_int_equal(fixture->rows.excluded_count, 1);
    assert_row(fixture->rows.excluded, 0, "{kind=\"veth\"} ");
    assert_int_equal(fixture->rows.excluded_kinds[0].devices, 2);
}

static void test_info(void **state)
{
    struct fixture *fixture = *state;

    exclude_kinds(fixture, "");
    update(fixture);
    assert_int_equal(fixture->rows.info->count, 6);
    assert_int_equal(fixture->rows.excluded->count, 0);
    assert_row(fixture->rows.info, 2,
               "{device=\"v0\",kind=\"veth\",ifindex=\"20\",master=\"br0\",address=\"02:00:00:00:00:20\","
               "alias=\"port \\\"7\\\"\",bus=\"\"} ");
}

/* What a veth device leads to, also where that is in another namespace and has another link's number here. */
static void test_peers(void **state)
{
    struct fixture *fixture = *state;
    struct nl_msg *here = newlink(40, "here"), *there = newlink(41, "there"), *away = newlink(42, "away");

    exclude_kinds(fixture, "");
    put_kind(here, "veth");
    put_kind(there, "veth");
    put_kind(away, "veth");
    assert_int_equal(nla_put_u32(here, IFLA_LINK, 41), 0);
    assert_int_equal(nla_put_u32(there, IFLA_LINK, 40), 0);
    assert_int_equal(nla_put_u32(away, IFLA_LINK, 41), 0);
    assert_int_equal(nla_put_u32(away, IFLA_LINK_NETNSID, 3), 0);
    assert_int_equal(link_table_take(&fixture->links, nlmsg_hdr(here)), 0);
    assert_int_equal(link_table_take(&fixture->links, nlmsg_hdr(there)), 0);
    assert_int_equal(link_table_take(&fixture->links, nlmsg_hdr(away)), 0);
    update(fixture);
    assert_int_equal(fixture->rows.peers->count, 5);
    assert_row(fixture->rows.peers, 2, "{device=\"here\",peer=\"there\"} ");
    assert_row(fixture->rows.peers, 3, "{device=\"there\",peer=\"here\"} ");
    assert_row(fixture->rows.peers, 4, "{device=\"away\",peer=\"\"} ");
    nlmsg_free(here);
    nlmsg_free(there);
    nlmsg_free(away);
}

static void test_rows_are_made_again_only_for_a_new_generation(void **state)
{
    struct fixture *fixture = *state;
    const struct row_set *before;
    struct nl_msg *queue = newlink(10, "br0"), *renamed = newlink(10, "br1");

    put_kind(queue, "bridge");
    assert_int_equal(nla_put(queue, IFLA_ADDRESS, 6, "\x02\0\0\0\0\x10"), 0);
    assert_int_equal(nla_put(queue, IFLA_BROADCAST, 6, "\xff\xff\xff\xff\xff\xff"), 0);
    update(fixture);
    before = fixture->rows.links;

    assert_int_equal(link_table_take(&fixture->links, nlmsg_hdr(queue)), 0);
    update(fixture);
    assert_ptr_equal(fixture->rows.links, before);

    assert_int_equal(link_table_take(&fixture->links, nlmsg_hdr(renamed)), 0);
    update(fixture);
    assert_ptr_not_equal(fixture->rows.links, before);
    assert_row(fixture->rows.links, 1, "{device=\"br1\",kind=\"physical\"} ");
    nlmsg_free(queue);
    nlmsg_free(renamed);
}

/* Row 3 of docs/faults.md: what cannot be is no reason for a duplicate series. */
static void test_row_03_same_name_twice(void **state)
{
    struct fixture *fixture = *state;
    struct nl_msg *twin = newlink(11, "br0");

    put_kind(twin, "bridge");
    assert_int_equal(link_table_take(&fixture->links, nlmsg_hdr(twin)), 0);
    update(fixture);
    assert_int_equal(fixture->rows.links->count, 4);
    assert_int_equal(fixture->rows.info->count, 4);
    assert_int_equal(link_table_find(&fixture->links, 10)->row, 1);
    assert_int_equal(link_table_find(&fixture->links, 11)->row, LINK_NO_ROW);
    assert_true(fixture->links.resync_due);
    nlmsg_free(twin);
}

static int find(const struct column_set *columns, const char *name)
{
    for (size_t i = 0; i < columns->count; i++)
        if (strcmp(columns->columns[i].name, name) == 0)
            return (int)i;
    return -1;
}

static void test_columns_of_each_selection(void **state)
{
    static const struct {
        const char *name;
        bool loss;
    } cases[] = {
        {"netdrop_link_receive_packets_total", false},
        {"netdrop_link_transmit_bytes_total", false},
        {"netdrop_link_receive_multicast_total", false},
        {"netdrop_link_transmit_compressed_total", false},
        {"netdrop_link_up", false},
        {"netdrop_link_mtu_bytes", false},
        {"netdrop_link_receive_dropped_total", true},
        {"netdrop_link_transmit_errors_total", true},
        {"netdrop_link_receive_nohandler_total", true},
        {"netdrop_link_collisions_total", true},
        {"netdrop_link_carrier_changes_total", true},
        {"netdrop_link_carrier_down_changes_total", true},
    };
    struct link_columns all, loss;

    (void)state;
    assert_int_equal(link_columns_init(&all, LINK_COLUMNS_ALL), 0);
    assert_int_equal(link_columns_init(&loss, LINK_COLUMNS_LOSS), 0);
    assert_int_equal(all.set->count, 25 + 8);
    assert_int_equal(loss.set->count, 25 - 7 + 3);
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        assert_true(find(all.set, cases[i].name) >= 0);
        assert_int_equal(find(loss.set, cases[i].name) >= 0, cases[i].loss);
    }
    link_columns_done(&all);
    link_columns_done(&loss);
}

static uint64_t cell(const struct table *table, size_t row, const char *column)
{
    uint64_t value = 0;

    assert_true(table_get(table, row, (size_t)find(table->columns, column), &value));
    return value;
}

static void test_fill(void **state)
{
    struct fixture *fixture = *state;
    struct link_statistics statistics = {.count = LINK_STATISTIC_COUNT - 1}; /* as before Linux 5.19 */
    struct link link = {.present = 1 << LINK_MTU, .numbers = {[LINK_MTU] = 9000}};
    struct snapshot *snapshot = snapshot_new();
    uint64_t value;

    update(fixture);
    for (size_t i = 0; i < LINK_STATISTIC_COUNT; i++)
        statistics.values[i] = UINT64_MAX - i;
    for (enum link_selection selection = LINK_COLUMNS_ALL; selection <= LINK_COLUMNS_LOSS; selection++) {
        struct link_columns columns;
        struct table *table;

        assert_int_equal(link_columns_init(&columns, selection), 0);
        table = snapshot_add_table(snapshot, columns.set, fixture->rows.links);
        assert_non_null(table);
        link_columns_fill(&columns, table, 1, &statistics, &link);
        assert_true(cell(table, 1, "netdrop_link_receive_dropped_total") == UINT64_MAX - 6);
        assert_true(cell(table, 1, "netdrop_link_receive_missed_total") == UINT64_MAX - 15);
        assert_true(cell(table, 1, "netdrop_link_receive_nohandler_total") == UINT64_MAX - 23);
        if (selection == LINK_COLUMNS_ALL) {
            assert_true(cell(table, 1, "netdrop_link_receive_packets_total") == UINT64_MAX);
            assert_int_equal(cell(table, 1, "netdrop_link_mtu_bytes"), 9000);
            assert_int_equal(snapshot_series(snapshot), 24 + 1);
        }
        /* What this kernel does not count is absent, not zero; and other rows are not touched. */
        assert_false(table_get(
            table, 1, (size_t)find(columns.set, "netdrop_link_receive_otherhost_dropped_total"), &value));
        assert_false(table_get(table, 0, 0, &value));
        link_columns_done(&columns);
    }
    snapshot_unref(snapshot);
}

/* Two collections from the running kernel: all of lo, and the sets of the first one again in the second. */
static void test_collect_from_the_running_kernel(void **state)
{
    struct limits limits = {};
    struct fault fault = {};
    struct device_filter filter = {};
    struct collector_settings *settings = options_new(&link_collector.options);
    struct collector_context context = {
        .settings = settings, .procfs = "/proc", .limits = &limits, .devices = &filter};
    struct collector_state *opened = NULL;
    struct snapshot *first = snapshot_new(), *second = snapshot_new();
    const struct table *table = &first->tables[0];
    char device[64];

    (void)state;
    assert_int_equal(options_init(&device_filter_options, &filter), 0);
    assert_int_equal(collector_open(&link_collector, &context, &opened, &fault), 0);
    assert_true(link_collector.event_fd(opened) >= 0);
    assert_int_equal(link_collector.event(opened, &fault), 0);
    assert_int_equal(link_collector.collect(opened, first, &fault), 0);
    assert_int_equal(link_collector.collect(opened, second, &fault), 0);

    assert_int_equal(first->table_count, 5);
    assert_true(row_set_label(table->rows, 0, "device", device, sizeof(device)) > 0);
    assert_string_equal(device, "lo");
    for (size_t column = 0; column < table->columns->count; column++)
        if (strcmp(table->columns->columns[column].name, "netdrop_link_receive_otherhost_dropped_total") != 0)
            (void)cell(table, 0, table->columns->columns[column].name);
    assert_int_equal(cell(table, 0, "netdrop_link_carrier"), 1);
    for (size_t i = 0; i < first->table_count; i++) {
        assert_ptr_equal(first->tables[i].columns, second->tables[i].columns);
        assert_ptr_equal(first->tables[i].rows, second->tables[i].rows);
    }

    (void)collector_close(&link_collector, opened);
    snapshot_unref(first);
    snapshot_unref(second);
    options_done(&device_filter_options, &filter);
    options_free(&link_collector.options, settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rows, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_info, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_peers, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_rows_are_made_again_only_for_a_new_generation, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_row_03_same_name_twice, fixture_setup, fixture_teardown),
        cmocka_unit_test(test_columns_of_each_selection),
        cmocka_unit_test_setup_teardown(test_fill, fixture_setup, fixture_teardown),
        cmocka_unit_test(test_collect_from_the_running_kernel),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
