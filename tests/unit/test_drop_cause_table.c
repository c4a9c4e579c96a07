/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was lost by cause: which drops share a row, that none is missing where there are too many, and the
 * table that readers get. */

#include <stdio.h>

#include "base/table/snapshot.h"
#include "collectors/drops/drop_cause_rows.h"
#include "collectors/drops/drop_cause_table.h"
#include "tests/unit/unit.h"

struct fixture {
    struct limits limits;
    struct drop_cause_table table;
    struct drop_cause_rows rows;
};

static int setup(void **state)
{
    static struct fixture fixture;

    fixture = (struct fixture){};
    fixture.table.limits = &fixture.limits;
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    drop_cause_table_done(&fixture->table);
    drop_cause_rows_done(&fixture->rows);
    return 0;
}

static const struct drop_cause_key full = {.cause = CAUSE_UDP_RECEIVE_BUFFER_FULL,
                                           .direction = DIRECTION_RECEIVE,
                                           .netns = DROP_NETNS_SELF,
                                           .ip_version = 4};

static void add(struct fixture *fixture, const struct drop_cause_key *key, const char *device, uint64_t count)
{
    struct drop_cause_row *row = drop_cause_table_row(&fixture->table, key, device);

    assert_non_null(row);
    row->skbs += count;
    row->segments += 10 * count;
}

static void test_one_row_for_what_is_alike(void **state)
{
    struct fixture *fixture = *state;
    struct drop_cause_key other;

    add(fixture, &full, "eth0", 1);
    add(fixture, &full, "eth0", 2);
    add(fixture, &full, "eth1", 4);
    other = full;
    other.cause = CAUSE_UDP_CHECKSUM;
    add(fixture, &other, "eth0", 8);
    other = full;
    other.direction = DIRECTION_NONE;
    add(fixture, &other, "eth0", 16);
    other = full;
    other.netns = DROP_NETNS_NONE;
    add(fixture, &other, "eth0", 32);
    other = full;
    other.ip_version = 6;
    add(fixture, &other, "eth0", 64);
    add(fixture, &full, "eth0", 128);
    assert_int_equal(fixture->table.count, 6);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(fixture->table.rows[i].skbs, i == 0 ? 131 : UINT64_C(2) << i);
        assert_int_equal(fixture->table.rows[i].segments, 10 * fixture->table.rows[i].skbs);
    }
}

/* A host of containers: devices come and go for ever. */
static void test_no_drop_is_missing_where_there_are_too_many(void **state)
{
    struct fixture *fixture = *state;
    struct drop_cause_key other = full;
    uint64_t sum = 0;

    for (unsigned i = 0; i < 3 * DROP_CAUSE_DEVICE_ROWS_MAX; i++) {
        char device[LINK_DEVICE_SIZE];

        (void)snprintf(device, sizeof(device), "veth%u", i);
        add(fixture, &full, device, 1);
    }
    assert_int_equal(fixture->table.count, DROP_CAUSE_DEVICE_ROWS_MAX + 1);
    assert_int_equal(fixture->limits.hits[LIMIT_DROP_SITES], 2 * DROP_CAUSE_DEVICE_ROWS_MAX);
    /* What is there goes on, and another cause has its row. */
    add(fixture, &full, "veth7", 1);
    other.cause = CAUSE_UDP_CHECKSUM;
    add(fixture, &other, "veth7", 1);
    add(fixture, &other, "", 1);
    assert_int_equal(fixture->table.rows[7].skbs, 2);
    assert_int_equal(fixture->table.count, DROP_CAUSE_DEVICE_ROWS_MAX + 2);
    for (size_t i = 0; i < fixture->table.count; i++)
        sum += fixture->table.rows[i].skbs;
    assert_int_equal(sum, 3 * DROP_CAUSE_DEVICE_ROWS_MAX + 3);
}

static const struct table *published(struct fixture *fixture, struct snapshot *draft)
{
    snapshot_clear(draft);
    assert_int_equal(drop_cause_rows_fill(&fixture->rows, &fixture->table, draft), 0);
    return &draft->tables[0];
}

static void assert_label(const struct table *table, size_t row, const char *label, const char *value)
{
    char buffer[64];

    assert_true(row_set_label(table->rows, row, label, buffer, sizeof(buffer)) >= 0);
    assert_string_equal(buffer, value);
}

static void test_what_readers_get(void **state)
{
    struct fixture *fixture = *state;
    struct snapshot *draft = snapshot_new();
    const struct drop_cause_key unknown = {.cause = CAUSE_UNKNOWN};
    const struct table *table = published(fixture, draft);
    uint64_t skbs, segments;

    assert_int_equal(table->rows->count, 0);
    assert_int_equal(snapshot_series(draft), 0);
    add(fixture, &unknown, "", 3);
    add(fixture, &full, "eth0", 5);
    table = published(fixture, draft);
    assert_int_equal(snapshot_series(draft), 0);
    assert_int_equal(table->rows->count, 2);
    assert_label(table, 0, "cause", "unknown");
    assert_label(table, 0, "stage", "unknown");
    assert_label(table, 0, "class", "unknown");
    assert_label(table, 0, "direction", "");
    assert_label(table, 0, "netns", "");
    assert_label(table, 0, "ip_version", "");
    assert_label(table, 1, "cause", "udp_receive_buffer_full");
    assert_label(table, 1, "stage", "transport");
    assert_label(table, 1, "class", "capacity");
    assert_label(table, 1, "direction", "receive");
    assert_label(table, 1, "device", "eth0");
    assert_label(table, 1, "netns", "self");
    assert_label(table, 1, "ip_version", "4");
    assert_true(table_get(table, 1, (size_t)table_find_role(table, ROLE_DROP_CAUSES), &skbs));
    assert_true(table_get(table, 1, (size_t)table_find_role(table, ROLE_DROP_CAUSE_SEGMENTS), &segments));
    assert_int_equal(skbs, 5);
    assert_int_equal(segments, 50);
    snapshot_unref(draft);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_one_row_for_what_is_alike),
                                       TEST(test_no_drop_is_missing_where_there_are_too_many),
                                       TEST(test_what_readers_get)};

    return cmocka_run_group_tests_name("drop_cause_table", tests, NULL, NULL);
}
