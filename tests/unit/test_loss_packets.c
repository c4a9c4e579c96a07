/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which packets an incident shows, and as what. */

#include "daemon/incident/facts.h"
#include "daemon/incident/facts_recorded.h"
#include "daemon/incident/loss_packets.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "tests/unit/unit.h"

static const uint8_t datagram[] = {0x45, 0, 0,  92, 0, 1, 0,    0,    64,   17,   0, 0,  10, 0,
                                   0,    7, 10, 0,  0, 9, 0xa0, 0x3e, 0x27, 0x0f, 0, 72, 0,  0};

static struct packet_site sites[] = {
    {.cause = "udp_nobody_listens", .device = "eth0"},
    {.cause = "udp_nobody_listens", .device = "eth1"},
    {.cause = "netfilter_rule", .device = "eth0"},
    {.cause = "tcp_closed", .device = ""},
};

/* By sequence, each of the site that its number says. */
static struct packet_record recorded[12];
static struct packet_records records = {
    .sites = sites, .site_count = 4, .records = recorded, .record_count = 12};

static int set_up(void **state)
{
    (void)state;
    setenv("TZ", "UTC", 1);
    tzset();
    for (size_t i = 0; i < records.record_count; i++) {
        recorded[i] = (struct packet_record){
            .sequence = i + 1,
            .time_ns = 11360118204000 + i * 1000,
            .site = (uint32_t)(i % 4),
            .length = 92,
            .protocol = 0x0800,
            .link_type = PACKET_RAW,
            .size = sizeof(datagram),
        };
        memcpy(recorded[i].data, datagram, sizeof(datagram));
    }
    return 0;
}

static void expect(const struct incident *incident, size_t count, const uint64_t *sequences)
{
    const struct packet_record *found[LOSS_PACKETS_MAX];

    assert_int_equal(loss_packets_find(&records, incident, found), count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(found[i]->sequence, sequences[i]);
}

static void test_of_a_device(void **state)
{
    (void)state;
    expect(&(struct incident){.cause = "udp_nobody_listens", .device = "eth0"}, 3, (uint64_t[]){1, 5, 9});
    expect(&(struct incident){.cause = "udp_nobody_listens", .device = "eth2"}, 0, NULL);
    expect(&(struct incident){.cause = "arp_unwanted", .device = "eth0"}, 0, NULL);
}

static void test_of_several_devices(void **state)
{
    (void)state;
    expect(&(struct incident){.cause = "udp_nobody_listens", .device = "eth0", .several = true}, 3,
           (uint64_t[]){6, 9, 10});
    expect(&(struct incident){.cause = "udp_nobody_listens"}, 3, (uint64_t[]){6, 9, 10});
    expect(&(struct incident){.cause = "tcp_closed"}, 3, (uint64_t[]){4, 8, 12});
}

static void test_of_nobody(void **state)
{
    const struct packet_record *found[LOSS_PACKETS_MAX];

    (void)state;
    assert_int_equal(loss_packets_find(NULL, &(struct incident){.cause = "tcp_closed"}, found), 0);
}

/* A table of one row, as the collector that counts drops makes them. */
static void add_table(struct snapshot *snapshot, enum role role, const char *cause, uint64_t count)
{
    const struct metric metric = {.name = "m", .help = "-", .role = role, .internal = true};
    struct column_set *columns;
    _cleanup_(row_set_unrefp) struct row_set *rows = NULL;

    assert_int_equal(column_set_new(&metric, 1, &columns), 0);
    assert_int_equal(row_set_new((const char *const[]){"cause"}, cause ? 1 : 0, &rows), 0);
    assert_true(row_set_add(rows, &cause) >= 0);
    row_set_seal(rows);
    table_set(snapshot_add_table(snapshot, columns, rows), 0, 0, count);
    column_set_unref(columns);
}

static bool is_recorded(const struct snapshots *snapshots, const char *cause)
{
    struct facts facts[2] = {};

    (void)snprintf(facts[1].key.cause, sizeof(facts[1].key.cause), "%s", cause);
    facts_recorded(facts, ELEMENTS(facts), snapshots);
    assert_false(facts[0].recorded);
    return facts[1].recorded;
}

static void test_whether_there_are_any(void **state)
{
    struct snapshot *snapshot = snapshot_new();
    struct snapshots snapshots = {.count = 3, .items = {[1] = snapshot}};

    (void)state;
    assert_false(is_recorded(&snapshots, "netfilter_rule"));
    add_table(snapshot, ROLE_DROP_CAUSES, "netfilter_rule", 7);
    add_table(snapshot, ROLE_DROP_CAUSES, "qdisc_full", 0);
    assert_false(is_recorded(&snapshots, "netfilter_rule"));
    add_table(snapshot, ROLE_DROPS_RECORDED, NULL, 0);
    assert_false(is_recorded(&snapshots, "netfilter_rule"));
    add_table(snapshot, ROLE_DROPS_RECORDED, NULL, 1);
    assert_true(is_recorded(&snapshots, "netfilter_rule"));
    assert_false(is_recorded(&snapshots, "qdisc_full"));
    assert_false(is_recorded(&snapshots, "netfilter"));
    snapshot_unref(snapshot);
}

static void expect_line(const struct packet_record *packet, const char *line)
{
    _cleanup_(buffer_done) struct buffer text = {};

    loss_packet_line(packet, false, &text);
    buffer_append(&text, "", 1);
    assert_string_equal(text.data, line);
}

static void test_a_line(void **state)
{
    struct packet_record packet = recorded[0];

    (void)state;
    expect_line(&packet, "03:09:20.118204  IP 10.0.0.7.41022 > 10.0.0.9.9999  UDP len 64");
    packet.length = 0; /* less than there is cannot be */
    packet.size = 20;
    expect_line(&packet, "03:09:20.118204  IP 10.0.0.7 > 10.0.0.9  UDP [cut]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_of_a_device), cmocka_unit_test(test_of_several_devices),
        cmocka_unit_test(test_of_nobody),   cmocka_unit_test(test_whether_there_are_any),
        cmocka_unit_test(test_a_line),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
