/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which limit a loss ran into: that of its own device, port or queue, and of no other. */

#include "daemon/incident/facts_limit.h"

#include <string.h>

#include "base/cleanup.h"
#include "daemon/incident/facts.h"
#include "tests/unit/unit.h"

static struct snapshots snapshots;

static int set_up(void **state)
{
    (void)state;
    snapshots = (struct snapshots){.count = 3}; /* nobody has published into the first one */
    for (size_t i = 1; i < snapshots.count; i++) {
        snapshots.items[i] = snapshot_new();
        assert_non_null(snapshots.items[i]);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    snapshots_done(&snapshots);
    return 0;
}

/* Adds a table to the slot, with rows that are complete. */
static struct table *add(size_t slot, const struct metric *metrics, size_t count, struct row_set *rows)
{
    struct column_set *columns;
    struct table *table;

    assert_int_equal(column_set_new(metrics, count, &columns), 0);
    row_set_seal(rows);
    table = snapshot_add_table(snapshots.items[slot], columns, rows);
    column_set_unref(columns);
    row_set_unref(rows);
    assert_non_null(table);
    return table;
}

static struct row_set *rows_of(const char *const *labels, size_t label_count)
{
    struct row_set *rows;

    assert_int_equal(row_set_new(labels, label_count, &rows), 0);
    return rows;
}

static void add_row(struct row_set *rows, const char *a, const char *b, const char *c, const char *d)
{
    assert_true(row_set_add(rows, (const char *const[]){a, b, c, d}) >= 0);
}

static struct facts loss(const char *cause, enum loss_class loss_class, const char *device, unsigned devices)
{
    struct ledger_key key = {.loss_class = loss_class};
    struct facts facts;

    (void)snprintf(key.cause, sizeof(key.cause), "%s", cause);
    facts_init(&facts, &key, device, devices);
    return facts;
}

static const struct metric ring_metrics[] = {{.name = "ring_entries", .help = "-"},
                                             {.name = "ring_entries_limit", .help = "-"}};

static const struct meaning_limit ring = {
    .now = "ring_entries", .most = "ring_entries_limit", .unit = "entries", .only = {"ring", "rx"}};

/* Of eth0, eth1, ...: 100, 101, ... of 200, 201, ... receive entries; more to transmit. */
static void add_rings(size_t devices)
{
    struct row_set *rows = rows_of((const char *const[]){"device", "ring"}, 2);
    struct table *table;
    char device[16];

    for (size_t i = 0; i < devices; i++) {
        (void)snprintf(device, sizeof(device), "eth%zu", i);
        add_row(rows, device, "tx", NULL, NULL);
        add_row(rows, device, "rx", NULL, NULL);
    }
    table = add(2, ring_metrics, ELEMENTS(ring_metrics), rows);
    for (size_t i = 0; i < devices; i++)
        for (size_t column = 0; column < 2; column++) {
            table_set(table, 2 * i, column, 900 + i);
            table_set(table, 2 * i + 1, column, 100 * (column + 1) + i);
        }
}

static void test_of_a_device(void **state)
{
    const struct meaning meaning = {.limit = &ring};
    struct facts facts[] = {
        loss("nic_no_buffer", LOSS_CAPACITY, "eth7", 1), loss("nic_no_buffer", LOSS_CAPACITY, "eth0", 1),
        loss("nic_no_buffer", LOSS_CAPACITY, "", 2),     loss("nic_no_buffer", LOSS_CAPACITY, "eth99", 1),
        loss("of_errors", LOSS_ERROR, "eth3", 1),        loss("rule_without", LOSS_POLICY, "eth3", 1),
    };

    (void)state;
    for (size_t i = 0; i < 5; i++)
        facts[i].meaning = &meaning;
    add_rings(12);
    facts_limits(facts, ELEMENTS(facts), &snapshots);
    assert_ptr_equal(facts[0].limit.of, &ring);
    assert_int_equal(facts[0].limit.now, 107);
    assert_int_equal(facts[0].limit.most, 207);
    assert_ptr_equal(facts[1].limit.of, &ring);
    assert_int_equal(facts[1].limit.now, 100);
    assert_int_equal(facts[1].limit.most, 200);
    assert_null(facts[2].limit.of); /* of several devices */
    assert_null(facts[3].limit.of); /* has no ring */
    assert_null(facts[4].limit.of); /* however many there are, it is not full */
    assert_null(facts[5].limit.of);
}

static void test_of_the_host(void **state)
{
    static const struct metric metric = {.name = "entries_limit", .help = "-"};
    static const struct meaning_limit known = {.now = "entries_limit", .unit = "entries"},
                                      unknown = {.now = "no_such_metric", .unit = "entries"};
    const struct meaning meanings[] = {{.limit = &known}, {.limit = &unknown}, {.limit = &known}};
    struct facts facts[] = {loss("table_full", LOSS_CAPACITY, "", 0), loss("other", LOSS_CAPACITY, "", 0),
                            loss("table_full", LOSS_CAPACITY, "eth0", 1)};
    struct row_set *rows = rows_of(NULL, 0);

    (void)state;
    for (size_t i = 0; i < ELEMENTS(facts); i++)
        facts[i].meaning = &meanings[i];
    assert_true(row_set_add(rows, NULL) >= 0);
    table_set(add(1, &metric, 1, rows), 0, 0, 65536);
    facts_limits(facts, ELEMENTS(facts), &snapshots);
    assert_int_equal(facts[0].limit.now, 65536);
    assert_int_equal(facts[0].limit.most, 0);
    assert_null(facts[1].limit.of);
    assert_int_equal(facts[2].limit.now, 65536);
}

static void test_of_listeners(void **state)
{
    static const struct metric metrics[] = {
        {.name = "length", .help = "-", .role = ROLE_LISTEN_LENGTH},
        {.name = "limit", .help = "-", .role = ROLE_LISTEN_LIMIT},
    };
    static const struct metric most = {.name = "most", .help = "-", .role = ROLE_LISTEN_LIMIT_MOST};
    static const struct {
        const char *port;
        uint64_t length, limit;
    } listeners[] = {{"22", 0, 128}, {"80", 127, 128}, {"443", 512, 512}, {"8080", 17, 16}};
    struct facts facts = loss("tcp_listen_drop", LOSS_CAPACITY, "", 0);
    struct row_set *rows = rows_of((const char *const[]){"local_port"}, 1), *host = rows_of(NULL, 0);
    struct table *table;

    (void)state;
    for (size_t i = 0; i < ELEMENTS(listeners); i++)
        add_row(rows, listeners[i].port, NULL, NULL, NULL);
    table = add(1, metrics, ELEMENTS(metrics), rows);
    for (size_t i = 0; i < ELEMENTS(listeners); i++) {
        table_set(table, i, 0, listeners[i].length);
        table_set(table, i, 1, listeners[i].limit);
    }
    assert_true(row_set_add(host, NULL) >= 0);
    table_set(add(2, &most, 1, host), 0, 0, 4096);
    facts_limits(&facts, 1, &snapshots);
    assert_int_equal(facts.place.port_count, 2); /* the first full one is named */
    assert_string_equal(facts.place.port, "443");
    assert_string_equal(facts.place.protocol, "TCP");
    assert_int_equal(facts.limit.now, 512);
    assert_int_equal(facts.listen_most, 4096);
}

static void test_of_receive_buffers(void **state)
{
    static const struct metric of_port = {.name = "buffer", .help = "-", .role = ROLE_RECEIVE_BUFFER};
    static const struct metric of_host[] = {
        {.name = "default", .help = "-", .role = ROLE_RECEIVE_BUFFER_DEFAULT},
        {.name = "limit", .help = "-", .role = ROLE_RECEIVE_BUFFER_LIMIT},
    };
    struct facts facts[] = {loss("udp_receive_buffer_full", LOSS_CAPACITY, "", 0),
                            loss("udp_receive_buffer_full", LOSS_CAPACITY, "", 0),
                            loss("no_socket", LOSS_ERROR, "", 0)};
    struct row_set *rows = rows_of((const char *const[]){"local_port"}, 1), *host = rows_of(NULL, 0);
    struct table *table;

    (void)state;
    (void)snprintf(facts[0].place.port, sizeof(facts[0].place.port), "514");
    facts[0].place.port_count = facts[2].place.port_count = 1; /* nobody knows the port of the second */
    add_row(rows, "53", NULL, NULL, NULL);
    add_row(rows, "514", NULL, NULL, NULL);
    table = add(1, &of_port, 1, rows);
    table_set(table, 0, 0, 1000);
    table_set(table, 1, 0, 2304);
    assert_true(row_set_add(host, NULL) >= 0);
    table = add(2, of_host, ELEMENTS(of_host), host);
    table_set(table, 0, 0, 212992);
    table_set(table, 0, 1, 425984);
    facts_limits(facts, ELEMENTS(facts), &snapshots);
    assert_int_equal(facts[0].limit.now, 2304);
    assert_string_equal(facts[0].limit.of->unit, "bytes of receive buffer");
    assert_int_equal(facts[0].buffer_default, 212992);
    assert_int_equal(facts[0].buffer_limit, 425984);
    for (size_t i = 1; i < ELEMENTS(facts); i++) {
        assert_null(facts[i].limit.of);
        assert_int_equal(facts[i].buffer_limit, 0);
    }
}

static struct facts queue(const char *device, const char *kind, const char *handle)
{
    struct facts facts = loss("qdisc_full", LOSS_CAPACITY, device, 1);

    (void)snprintf(facts.place.queue_kind, sizeof(facts.place.queue_kind), "%s", kind);
    (void)snprintf(facts.place.queue_handle, sizeof(facts.place.queue_handle), "%s", handle);
    (void)snprintf(facts.place.queue_parent, sizeof(facts.place.queue_parent), "root");
    return facts;
}

static void test_of_queues(void **state)
{
    static const struct metric metric = {.name = "limit", .help = "-", .role = ROLE_QUEUE_LIMIT};
    struct row_set *rows = rows_of((const char *const[]){"device", "kind", "handle", "parent"}, 4);
    struct facts facts[] = {queue("b", "pfifo", "1:"), queue("b", "bfifo", "2:"), queue("b", "pfifo", "2:"),
                            queue("c", "pfifo", "1:"), queue("b", "", "1:")};
    struct table *table;

    (void)state;
    add_row(rows, "a", "pfifo", "1:", "root");
    add_row(rows, "b", "pfifo", "1:", "1:1");
    add_row(rows, "b", "pfifo", "1:", "root");
    add_row(rows, "b", "bfifo", "2:", "root");
    table = add(2, &metric, 1, rows);
    for (size_t i = 0; i < 4; i++)
        table_set(table, i, 0, 10 * (i + 1));
    facts_limits(facts, ELEMENTS(facts), &snapshots);
    assert_int_equal(facts[0].limit.now, 30);
    assert_string_equal(facts[0].limit.of->unit, "packets in the queue");
    assert_int_equal(facts[1].limit.now, 40);
    assert_string_equal(facts[1].limit.of->unit, "bytes in the queue");
    for (size_t i = 2; i < ELEMENTS(facts); i++)
        assert_null(facts[i].limit.of);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_of_a_device, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_of_the_host, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_of_listeners, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_of_receive_buffers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_of_queues, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
