/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which ports have rows, and what becomes of the rest. */

#include "base/table/snapshot.h"
#include "collectors/sockets/socket_ports.h"

#include <stdio.h>

#include "base/cleanup.h"
#include "tests/unit/unit.h"

struct fixture {
    struct limits limits;
    struct socket_ports ports;
    struct workload_table workloads;
    uint32_t workload; /* of the sockets that are seen */
    size_t hint;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    assert_int_equal(socket_ports_init(&fixture->ports, 3, NULL, &fixture->limits), 0);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    socket_ports_done(&fixture->ports);
    workload_table_done(&fixture->workloads);
    free(fixture);
    return 0;
}

/* Ports are told apart by workload from now on. */
static void label_workloads(struct fixture *fixture)
{
    socket_ports_done(&fixture->ports);
    assert_int_equal(workload_table_init(&fixture->workloads, 16, &fixture->limits), 0);
    assert_int_equal(socket_ports_init(&fixture->ports, 3, &fixture->workloads, &fixture->limits), 0);
}

static void of_workload(struct fixture *fixture, const char *unit)
{
    struct workload workload = {};

    (void)snprintf(workload.unit, sizeof(workload.unit), "%s", unit);
    assert_int_equal(workload_table_put(&fixture->workloads, &workload, &fixture->workload), 0);
}

static void see(struct fixture *fixture, bool ipv6, uint16_t port, uint64_t count)
{
    struct socket_port *place =
        socket_ports_get(&fixture->ports, ipv6, port, fixture->workload, &fixture->hint);

    place->has_socket = true;
    place->values[0] += count;
}

/* The rows as they are shown: "53/4=7 80/6=0". */
static void assert_rows(struct fixture *fixture, const char *expected)
{
    static const struct metric metric = {.name = "x_total", .help = "x", .type = METRIC_COUNTER};
    struct snapshot *snapshot = snapshot_new();
    struct column_set *columns;
    struct table *table;
    char shown[256] = "";
    int size = 0;

    assert_int_equal(socket_ports_end(&fixture->ports), 0);
    assert_int_equal(column_set_new(&metric, 1, &columns), 0);
    table = snapshot_add_table(snapshot, columns, fixture->ports.rows);
    socket_ports_fill(&fixture->ports, table, 1);
    for (size_t row = 0; row < table->rows->count; row++) {
        char port[16], version[4], unit[16] = "";
        uint64_t value = 0;

        assert_true(row_set_label(table->rows, row, "local_port", port, sizeof(port)) > 0);
        assert_true(row_set_label(table->rows, row, "ip_version", version, sizeof(version)) > 0);
        assert_true((row_set_label(table->rows, row, "unit", unit, sizeof(unit)) < 0) ==
                    !fixture->ports.workloads);
        assert_true(table_get(table, row, 0, &value));
        size += snprintf(shown + size, sizeof(shown) - (size_t)size, "%s%s%s%s/%s=%u", row ? " " : "", unit,
                         unit[0] ? ":" : "", port, version, (unsigned)value);
    }
    assert_string_equal(shown, expected);
    column_set_unref(columns);
    snapshot_unref(snapshot);
}

static void test_counts_outlive_sockets(void **state)
{
    struct fixture *fixture = *state;

    socket_ports_begin(&fixture->ports, true);
    see(fixture, false, 53, 7);
    see(fixture, true, 53, 1);
    see(fixture, false, 8, 0);
    see(fixture, false, 53, 2); /* another socket of the port */
    assert_rows(fixture, "8/4=0 53/4=9 53/6=1");
    socket_ports_begin(&fixture->ports, true);
    assert_rows(fixture, "53/4=9 53/6=1");
    socket_ports_begin(&fixture->ports, true);
    see(fixture, false, 53, 1);
    assert_rows(fixture, "53/4=10 53/6=1");
    assert_int_equal(fixture->limits.hits[LIMIT_PORTS], 0);
}

static void test_gauges_are_gone_with_their_sockets(void **state)
{
    struct fixture *fixture = *state;

    socket_ports_begin(&fixture->ports, false);
    see(fixture, false, 80, 7);
    see(fixture, false, 81, 0);
    assert_rows(fixture, "80/4=7 81/4=0");
    socket_ports_begin(&fixture->ports, false);
    see(fixture, false, 81, 3);
    assert_rows(fixture, "81/4=3");
}

static void test_more_ports_than_rows(void **state)
{
    struct fixture *fixture = *state;

    socket_ports_begin(&fixture->ports, true);
    for (uint16_t port = 1; port <= 5; port++)
        see(fixture, false, port, port == 2 ? 0 : 1);
    see(fixture, true, 9, 4);
    assert_rows(fixture, "1/4=1 2/4=0 3/4=1 other/4=2 other/6=4");
    assert_int_equal(fixture->limits.hits[LIMIT_PORTS], 3);
    /* 2 goes and makes room. What was counted in `other` stays there. */
    socket_ports_begin(&fixture->ports, true);
    assert_rows(fixture, "1/4=1 3/4=1 other/4=2 other/6=4");
    socket_ports_begin(&fixture->ports, true);
    see(fixture, true, 9, 1);
    see(fixture, false, 5, 1);
    assert_rows(fixture, "1/4=1 3/4=1 9/6=1 other/4=3 other/6=4");
}

static void test_rows_are_made_again_only_for_other_ports(void **state)
{
    struct fixture *fixture = *state;
    const struct row_set *before;

    socket_ports_begin(&fixture->ports, true);
    see(fixture, false, 53, 7);
    assert_rows(fixture, "53/4=7");
    before = fixture->ports.rows;
    socket_ports_begin(&fixture->ports, true);
    see(fixture, false, 53, 7);
    assert_rows(fixture, "53/4=14");
    assert_ptr_equal(fixture->ports.rows, before);
    socket_ports_begin(&fixture->ports, true);
    see(fixture, false, 54, 7);
    assert_rows(fixture, "53/4=14 54/4=7");
    assert_ptr_not_equal(fixture->ports.rows, before);
}

static void test_no_ports(void **state)
{
    struct fixture *fixture = *state;

    socket_ports_begin(&fixture->ports, true);
    assert_rows(fixture, "");
}

static void test_a_port_of_several_workloads(void **state)
{
    struct fixture *fixture = *state;

    label_workloads(fixture);
    socket_ports_begin(&fixture->ports, true);
    see(fixture, false, 53, 1);
    of_workload(fixture, "a");
    see(fixture, false, 53, 2);
    of_workload(fixture, "b");
    see(fixture, false, 53, 3);
    of_workload(fixture, "a");
    see(fixture, false, 53, 4);
    assert_rows(fixture, "53/4=1 a:53/4=6 b:53/4=3");
}

/* Only where places are wanting; what they had counted is told, and they begin anew. */
static void test_workloads_without_sockets_make_room(void **state)
{
    struct fixture *fixture = *state;
    bool used[16] = {};

    label_workloads(fixture);
    socket_ports_begin(&fixture->ports, true);
    of_workload(fixture, "a");
    see(fixture, false, 53, 2);
    see(fixture, false, 54, 7);
    of_workload(fixture, "b");
    see(fixture, false, 53, 3);
    assert_rows(fixture, "a:53/4=2 b:53/4=3 a:54/4=7");
    socket_ports_begin(&fixture->ports, true);
    see(fixture, false, 53, 1);
    assert_rows(fixture, "a:53/4=2 b:53/4=4 a:54/4=7");
    socket_ports_begin(&fixture->ports, true);
    see(fixture, false, 53, 1);
    of_workload(fixture, "c");
    see(fixture, false, 53, 5);
    assert_rows(fixture, "b:53/4=5 other/4=5");
    assert_int_equal(fixture->ports.forgotten[0], 9);
    socket_ports_begin(&fixture->ports, true);
    see(fixture, false, 53, 1);
    of_workload(fixture, "a");
    see(fixture, false, 53, 1);
    assert_rows(fixture, "a:53/4=1 b:53/4=5 c:53/4=1 other/4=5");
    assert_int_equal(fixture->ports.forgotten[0], 9);
    socket_ports_used(&fixture->ports, used);
    for (size_t i = 0; i < ELEMENTS(used); i++)
        assert_true(used[i] == (i >= 1 && i <= 3));
}

/* A reload switches the labels on or off: the sum stays. */
static void test_merging_with_and_without_workloads(void **state)
{
    struct fixture *fixture = *state;
    struct socket_ports before;

    label_workloads(fixture);
    socket_ports_begin(&fixture->ports, true);
    of_workload(fixture, "a");
    see(fixture, false, 53, 2);
    of_workload(fixture, "b");
    see(fixture, false, 53, 3);
    see(fixture, false, 99, 1000);
    fixture->ports.forgotten[0] = 9;
    before = fixture->ports;
    assert_int_equal(socket_ports_init(&fixture->ports, 3, NULL, &fixture->limits), 0);
    socket_ports_merge(&fixture->ports, &before, 98);
    assert_rows(fixture, "53/4=5");
    assert_int_equal(fixture->ports.forgotten[0], 9);
    before = fixture->ports;
    assert_int_equal(socket_ports_init(&fixture->ports, 3, &fixture->workloads, &fixture->limits), 0);
    socket_ports_merge(&fixture->ports, &before, 98);
    assert_rows(fixture, "53/4=5");
    before = fixture->ports;
    of_workload(fixture, "b");
    before.items[before.count++] = (struct socket_port){
        .key = UINT64_C(1) << 48 | UINT64_C(53) << 32 | fixture->workload, .values = {8}};
    assert_int_equal(socket_ports_init(&fixture->ports, 3, &fixture->workloads, &fixture->limits), 0);
    socket_ports_merge(&fixture->ports, &before, 98);
    assert_rows(fixture, "53/4=5 b:53/6=8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_counts_outlive_sockets, setup, teardown),
        cmocka_unit_test_setup_teardown(test_gauges_are_gone_with_their_sockets, setup, teardown),
        cmocka_unit_test_setup_teardown(test_more_ports_than_rows, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rows_are_made_again_only_for_other_ports, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_ports, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_port_of_several_workloads, setup, teardown),
        cmocka_unit_test_setup_teardown(test_workloads_without_sockets_make_room, setup, teardown),
        cmocka_unit_test_setup_teardown(test_merging_with_and_without_workloads, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
