/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is kept of packets that a source tells of one by one: the first of each site, some of those since,
 * sites that give way, and what their bytes begin with. */

#include "collectors/drops/drop_recording.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "tests/unit/unit.h"

enum { SITES = 4 };

static const uint8_t datagram[] = {0x45, 0,  0, 34, 0,   1,   0,   0,   64,   17,   0,    0,
                                   10,   0,  0, 1,  10,  0,   0,   2,   0xc3, 0x50, 0x1f, 0x90,
                                   0,    14, 0, 0,  's', 'e', 'c', 'r', 'e',  't'};

static struct drop_recording it;
static uint64_t now_ns;

static int set_up(void **state)
{
    (void)state;
    now_ns = 1000 * NS_PER_SECOND;
    return drop_recording_init(&it, SITES);
}

static int tear_down(void **state)
{
    (void)state;
    drop_recording_done(&it);
    return 0;
}

static struct drop_payload payload_of(const void *data, size_t size, uint16_t protocol)
{
    return (struct drop_payload){
        .time_ns = now_ns, .length = (uint32_t)size, .protocol = protocol, .data = data, .size = size};
}

static void add(uint64_t location, const char *reason, uint32_t length)
{
    struct drop_payload payload = payload_of(datagram, sizeof(datagram), 0x0800);
    struct drop_packet packet = {.location = location};

    strcpy(packet.reason, reason);
    payload.length = length;
    drop_recording_add(&it, &packet, &payload, now_ns);
}

/* The length of what a slot of a site has; 0: nothing. */
static uint32_t length_at(size_t place, unsigned slot)
{
    struct drop_recorder_site site;
    struct drop_record_stack stack;
    struct drop_record record;

    assert_true(drop_recorder_site(&it.recorder, place, &site));
    return drop_recorder_record(&it.recorder, place, slot, &site, &record, &stack) ? record.length : 0;
}

static void test_nothing_is_recorded(void **state)
{
    (void)state;
    drop_recording_done(&it);
    assert_int_equal(drop_recording_init(&it, 0), 0);
    add(1, "NO_SOCKET", 100);
    assert_int_equal(it.recorder.count, 0);
    assert_int_equal(it.recorded + it.unrecorded, 0);
}

static void test_the_first_and_the_last(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 1000; i++) { /* a hundred a second */
        add(1, "NO_SOCKET", 1000 + i);
        now_ns += NS_PER_SECOND / 100;
    }
    assert_int_equal(it.used, 1);
    for (unsigned slot = 0; slot < DROP_RECORDS_FIRST; slot++)
        assert_int_equal(length_at(0, slot), 1000 + slot);
    for (unsigned slot = DROP_RECORDS_FIRST; slot < DROP_RECORDS_PER_SITE; slot++)
        assert_true(length_at(0, slot) >= 2000 - 110 && length_at(0, slot) < 2000);
    assert_true(it.recorded > 8 + 30 && it.recorded < 8 + 50);
    assert_int_equal(it.unrecorded, 0);
}

static void count_total(const struct drop_recorder_key *key, uint64_t count, void *data)
{
    uint64_t *totals = data;

    totals[key->location] += count;
}

static void test_each_packet_is_counted(void **state)
{
    uint64_t totals[3] = {};

    (void)state;
    for (unsigned i = 0; i < 500; i++)
        add(1, i % 2 ? "NO_SOCKET" : "TCP_CLOSE", 100);
    add(2, "", 100);
    drop_recording_totals(&it, count_total, totals);
    assert_int_equal(totals[1], 500);
    assert_int_equal(totals[2], 1);
    assert_int_equal(it.used, 3);
    assert_string_equal(drop_recording_reason(&it, it.sites[0].key.reason), "TCP_CLOSE");
    assert_string_equal(drop_recording_reason(&it, it.sites[1].key.reason), "NO_SOCKET");
    assert_string_equal(drop_recording_reason(&it, it.sites[2].key.reason), "");
    assert_string_equal(drop_recording_reason(&it, 4711), "");
}

/* Who drops goes on; who does not gives way, and nothing of his is another's. */
static void test_sites_give_way(void **state)
{
    struct drop_recorder_site site;

    (void)state;
    for (uint64_t location = 1; location <= SITES; location++)
        add(location, "NO_SOCKET", (uint32_t)(100 * location));
    add(5, "NO_SOCKET", 500);
    assert_int_equal(it.unrecorded, 1);
    now_ns += 2 * NS_PER_SECOND;
    for (uint64_t location = 1; location <= SITES; location++)
        if (location != 3)
            add(location, "NO_SOCKET", 50);
    add(5, "NO_SOCKET", 500);
    assert_int_equal(it.unrecorded, 1);
    assert_true(drop_recorder_site(&it.recorder, 2, &site));
    assert_int_equal(site.key.location, 5);
    assert_int_equal(length_at(2, 0), 500);
    assert_int_equal(length_at(2, 1), 0);
    assert_int_equal(it.packets[2], 1);
    assert_int_equal(length_at(0, 1), 50);
    add(1, "NO_SOCKET", 60); /* it is found */
    assert_int_equal(length_at(0, 2), 60);
}

/* As many as come: there is a number for each of some hundred, and for the rest none. */
static void test_reasons_are_bounded(void **state)
{
    char reason[DROP_REASON_SIZE];

    (void)state;
    for (unsigned i = 0; i < 2 * DROP_RECORDING_REASONS_MAX; i++) {
        (void)snprintf(reason, sizeof(reason), "REASON_%u", i);
        add(1, reason, 100);
        now_ns += 2 * NS_PER_SECOND;
    }
    assert_int_equal(it.reason_count, DROP_RECORDING_REASONS_MAX);
    assert_string_equal(drop_recording_reason(&it, DROP_RECORDING_REASONS_MAX), "REASON_511");
}

static void expect_link(const void *data, size_t size, uint16_t protocol, enum drop_record_link link)
{
    struct drop_payload payload = payload_of(data, size, protocol);
    struct drop_recorder_site site;
    struct drop_record_stack stack;
    struct drop_record record;

    drop_recording_done(&it);
    assert_int_equal(drop_recording_init(&it, SITES), 0);
    drop_recording_add(&it, &(struct drop_packet){.location = 1}, &payload, now_ns);
    assert_true(drop_recorder_site(&it.recorder, 0, &site));
    assert_true(drop_recorder_record(&it.recorder, 0, 0, &site, &record, &stack));
    assert_int_equal(record.link, link);
    assert_int_equal(record.size, size < DROP_RECORD_DATA_SIZE ? size : DROP_RECORD_DATA_SIZE);
    assert_memory_equal(record.data, data, record.size);
}

static void test_what_they_begin_with(void **state)
{
    uint8_t frame[200] = {[12] = 0x08, [14] = 0x45, [17] = 186}, ipv6[60] = {0x60, [5] = 20};

    (void)state;
    expect_link(datagram, sizeof(datagram), 0x0800, DROP_RECORD_RAW);
    expect_link(frame, sizeof(frame), 0x0800, DROP_RECORD_ETHERNET);
    expect_link(ipv6, sizeof(ipv6), 0x86dd, DROP_RECORD_RAW);
    frame[12] = 0x86;
    frame[13] = 0xdd;
    expect_link(frame, sizeof(frame), 0x86dd, DROP_RECORD_ETHERNET);
    expect_link(frame, sizeof(frame), 0x0806, DROP_RECORD_RAW);
    expect_link(frame, 13, 0x86dd, DROP_RECORD_RAW);
    expect_link(frame, 0, 0, DROP_RECORD_RAW);
}

/* An address of 8.0.0.0/8 stands where Ethernet has its type. */
static void test_an_address_is_no_ethertype(void **state)
{
    uint8_t data[sizeof(datagram)];

    (void)state;
    memcpy(data, datagram, sizeof(data));
    data[12] = 0x08;
    data[13] = 0x00;
    expect_link(data, sizeof(data), 0x0800, DROP_RECORD_RAW);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_nothing_is_recorded),        TEST(test_the_first_and_the_last),
        TEST(test_each_packet_is_counted),     TEST(test_sites_give_way),
        TEST(test_reasons_are_bounded),        TEST(test_what_they_begin_with),
        TEST(test_an_address_is_no_ethertype),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
