/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of recorded packets is shown: headers and no more, names, owners, counts that go on, stacks. The
 * source is played. */

#include "collectors/drops/drop_packets.h"

#include <linux/if_ether.h>
#include <string.h>

#include "base/clock.h"
#include "tests/unit/unit.h"

enum { SITES = 4, GENERATION = 2, ETHERTYPE_IP = 0x0800 };

static const uint8_t datagram[] = {0x45, 0,  0, 34, 0,   1,   0,   0,   64,   17,   0,    0,
                                   10,   0,  0, 1,  10,  0,   0,   2,   0xc3, 0x50, 0x1f, 0x90,
                                   0,    14, 0, 0,  's', 'e', 'c', 'r', 'e',  't'};
enum { HEADERS = sizeof(datagram) - 6 };

static struct {
    struct drop_recorder_site sites[SITES];
    struct drop_record records[SITES * DROP_RECORDS_PER_SITE];
    struct drop_record_stack stacks[SITES * DROP_RECORDS_PER_SITE];
    struct drop_recorder recorder;
    uint64_t total; /* of the first key */
} kernel;

static void played_reason(void *state, uint32_t reason, char text[DROP_REASON_SIZE])
{
    (void)state;
    strcpy(text, reason == 3 ? "NO_SOCKET" : "NOT_SPECIFIED");
}

/* In two parts, as several protocols are; and of what has no place. */
static void played_totals(const void *state,
                          void (*each)(const struct drop_recorder_key *key, uint64_t count, void *data),
                          void *data)
{
    (void)state;
    each(&kernel.sites[0].key, kernel.total / 2, data);
    each(&(struct drop_recorder_key){.location = 4711}, 17, data);
    each(&kernel.sites[0].key, kernel.total - kernel.total / 2, data);
}

static bool played_symbol(const void *state, uint64_t location, char text[DROP_SYMBOL_TEXT_SIZE])
{
    (void)state;
    if (location < 0x1000 || location >= 0x2000)
        return false;
    (void)snprintf(text, DROP_SYMBOL_TEXT_SIZE, "__udp4_lib_rcv+0x%llx/0x2f0",
                   (unsigned long long)location & 0xfff);
    return true;
}

static bool played_cgroup(const void *state, uint64_t cgroup, char path[DROP_CGROUP_PATH_SIZE])
{
    (void)state;
    if (cgroup != 7)
        return false;
    strcpy(path, "/system.slice/statsd.service");
    return true;
}

static const struct drop_source source = {
    .name = "played",
    .reason = played_reason,
    .totals = played_totals,
    .symbol = played_symbol,
    .cgroup = played_cgroup,
};

static struct drop_naming naming;
static struct drop_packets packets;
static struct snapshot *draft;

static int set_up(void **state)
{
    memset(&kernel, 0, sizeof(kernel));
    kernel.recorder = (struct drop_recorder){
        .sites = kernel.sites, .records = kernel.records, .count = SITES, .used = SITES};
    naming = (struct drop_naming){.ksyms.fd = -1, .book.source = &source};
    packets = (struct drop_packets){};
    draft = snapshot_new();
    *state = draft;
    return draft ? 0 : -1;
}

static int tear_down(void **state)
{
    snapshot_unref(*state);
    drop_packets_done(&packets);
    ksyms_close(&naming.ksyms);
    return 0;
}

static void put_site(size_t place, uint64_t location, uint32_t generation)
{
    kernel.sites[place] = (struct drop_recorder_site){
        .generation = generation,
        .key = {.location = location, .reason = 3, .netns = DROP_NETNS_SELF, .ifindex = 2},
        .device = "eth0",
    };
}

static struct drop_record *put_record(size_t place, unsigned slot, uint64_t sequence)
{
    struct drop_record *record = &kernel.records[place * DROP_RECORDS_PER_SITE + slot];

    *record = (struct drop_record){
        .generation = kernel.sites[place].generation,
        .sequence = sequence,
        .time_ns = clock_boottime_ns(),
        .length = sizeof(datagram),
        .protocol = ETHERTYPE_IP,
        .link = DROP_RECORD_RAW,
        .size = sizeof(datagram),
        .device = "eth0",
    };
    memcpy(record->data, datagram, sizeof(datagram));
    return record;
}

static const struct packet_records *show(void)
{
    snapshot_clear(draft);
    assert_int_equal(drop_packets_show(&packets, &naming, &kernel.recorder, draft), 0);
    return packet_records_of(draft);
}

static void test_nothing_records(void **state)
{
    (void)state;
    kernel.recorder = (struct drop_recorder){};
    assert_null(show());
}

static void test_a_place_has_a_name(void **state)
{
    const struct packet_records *shown;

    (void)state;
    put_site(0, 0x12f1, GENERATION);
    kernel.total = 7;
    shown = show();
    assert_string_equal(shown->source, "played");
    assert_int_equal(shown->site_count, 1);
    assert_string_equal(shown->sites[0].function, "__udp4_lib_rcv");
    assert_int_equal(shown->sites[0].offset, 0x2f1);
    assert_string_equal(shown->sites[0].reason, "NO_SOCKET");
    assert_string_equal(shown->sites[0].cause, "udp_nobody_listens");
    assert_string_equal(shown->sites[0].loss_class, "error");
    assert_string_equal(shown->sites[0].device, "eth0");
    assert_string_equal(shown->sites[0].netns, "self");
    assert_int_equal(shown->sites[0].packets, 7);
    assert_int_equal(shown->record_count, 0);
}

static void test_headers_are_shown_and_no_more(void **state)
{
    const struct packet_records *shown;
    uint64_t now_ns = clock_realtime_ns();

    (void)state;
    put_site(0, 0x12f1, GENERATION);
    put_record(0, 0, 1);
    shown = show();
    assert_int_equal(shown->record_count, 1);
    assert_int_equal(shown->records[0].size, HEADERS);
    assert_memory_equal(shown->records[0].data, datagram, HEADERS);
    for (size_t i = HEADERS; i < PACKET_DATA_SIZE; i++)
        assert_int_equal(shown->records[0].data[i], 0);
    assert_int_equal(shown->records[0].length, sizeof(datagram));
    assert_int_equal(shown->records[0].link_type, PACKET_RAW);
    assert_int_equal(shown->records[0].owner, PACKET_OWNER_NONE);
    assert_true(shown->records[0].stack == PACKET_STACK_NONE);
    assert_true(shown->records[0].time_ns + NS_PER_SECOND > now_ns &&
                shown->records[0].time_ns < now_ns + NS_PER_SECOND);
}

static void test_more_is_shown_where_it_is_asked_for(void **state)
{
    (void)state;
    put_site(0, 0x12f1, GENERATION);
    put_record(0, 0, 1);
    packets.keep = HEADERS + 2;
    assert_int_equal(show()->records[0].size, HEADERS + 2);
    packets.keep = PACKET_DATA_SIZE;
    assert_int_equal(show()->records[0].size, sizeof(datagram));
    packets.keep = 1; /* headers are always kept */
    assert_int_equal(show()->records[0].size, HEADERS);
}

/* The kernel keeps the tag beside the packet. */
static void test_a_vlan_tag_is_put_back(void **state)
{
    static const uint8_t link[] = {2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 7, 8, 0}, tag[] = {0x81, 0, 0x20, 0x05};
    struct drop_record *record;
    const struct packet_record *shown;

    (void)state;
    put_site(0, 0x12f1, GENERATION);
    record = put_record(0, 0, 1);
    record->link = DROP_RECORD_ETHERNET;
    record->length = DROP_RECORD_DATA_SIZE + 100;
    record->size = DROP_RECORD_DATA_SIZE;
    record->vlan_protocol = 0x8100;
    record->vlan_tag = 0x2005;
    memcpy(record->data, link, sizeof(link));
    memcpy(record->data + sizeof(link), datagram, sizeof(datagram));
    shown = &show()->records[0];
    assert_int_equal(shown->size, sizeof(link) + sizeof(tag) + HEADERS);
    assert_memory_equal(shown->data, link, 12);
    assert_memory_equal(shown->data + 12, tag, sizeof(tag));
    assert_memory_equal(shown->data + 16, link + 12, 2);
    assert_memory_equal(shown->data + 18, datagram, HEADERS);
    assert_int_equal(shown->length, DROP_RECORD_DATA_SIZE + 104);
    packets.keep = PACKET_DATA_SIZE;
    assert_int_equal(show()->records[0].size, PACKET_DATA_SIZE);
}

/* What has no Ethernet header has no place for it. */
static void test_a_vlan_tag_without_a_place(void **state)
{
    struct drop_record *record;

    (void)state;
    put_site(0, 0x12f1, GENERATION);
    record = put_record(0, 0, 1);
    record->vlan_protocol = 0x8100;
    assert_memory_equal(show()->records[0].data, datagram, HEADERS);
    record->link = DROP_RECORD_ETHERNET;
    record->size = ETH_HLEN - 1; /* cut */
    assert_int_equal(show()->records[0].size, ETH_HLEN - 1);
}

static void test_records_are_in_order(void **state)
{
    const struct packet_records *shown;

    (void)state;
    put_site(0, 0x12f1, GENERATION);
    put_site(1, 0x1010, GENERATION);
    put_record(0, 0, 1);
    put_record(0, 5, 4);
    put_record(1, 0, 2);
    put_record(1, 1, 3)->generation = GENERATION + 2; /* of another site */
    shown = show();
    assert_int_equal(shown->record_count, 3);
    for (size_t i = 1; i < shown->record_count; i++)
        assert_true(shown->records[i].sequence > shown->records[i - 1].sequence);
    assert_int_equal(shown->records[1].site, 1);
    assert_int_equal(shown->sites[1].offset, 0x10);
}

static void test_owners_are_told_once(void **state)
{
    const struct packet_records *shown;

    (void)state;
    put_site(0, 0x12f1, GENERATION);
    put_record(0, 0, 1)->cgroup = 7;
    put_record(0, 1, 2)->cgroup = 7;
    put_record(0, 2, 3)->cgroup = 8; /* nobody knows it */
    shown = show();
    assert_int_equal(shown->owner_count, 1);
    assert_int_equal(shown->records[0].owner, 0);
    assert_int_equal(shown->records[1].owner, 0);
    assert_int_equal(shown->records[2].owner, PACKET_OWNER_NONE);
    assert_string_equal(shown->owners[0].unit, "statsd.service");
    assert_string_equal(shown->owners[0].container_id, "");
}

/* Places that never had a site are not in memory. */
static void test_only_what_is_used_is_read(void **state)
{
    (void)state;
    put_site(0, 0x12f1, GENERATION);
    put_site(1, 0x1010, GENERATION);
    kernel.recorder.used = 1;
    assert_int_equal(show()->site_count, 1);
    kernel.recorder.used = 0;
    kernel.recorder.sites = NULL;
    kernel.recorder.records = NULL;
    assert_int_equal(show()->site_count, 0);
}

/* Who asks after a pause sees the same. */
static void test_memory_is_given_back(void **state)
{
    const struct packet_records *shown;

    (void)state;
    put_site(0, 0x12f1, GENERATION);
    put_record(0, 0, 1);
    kernel.total = 7;
    (void)show();
    drop_packets_rest(&packets);
    assert_null(packets.reading);
    for (size_t i = 0; i < DROP_PACKETS_SHOWN; i++)
        assert_null(packets.shown[i]);
    assert_int_equal(packet_records_of(draft)->record_count, 1); /* it is still shown */
    kernel.total = 9;
    shown = show();
    assert_int_equal(shown->sites[0].packets, 9);
    assert_int_equal(shown->record_count, 1);
}

/* What the source counts by may be taken out and begin again; a site that was given away begins anew. */
static void test_counts_go_on(void **state)
{
    uint64_t number;

    (void)state;
    put_site(0, 0x12f1, GENERATION);
    kernel.total = 100;
    number = show()->sites[0].number;
    kernel.total = 130;
    assert_int_equal(show()->sites[0].packets, 130);
    kernel.total = 20;
    assert_int_equal(show()->sites[0].packets, 150);
    assert_int_equal(show()->sites[0].number, number);
    put_site(0, 0x1010, GENERATION + 2);
    assert_int_equal(show()->sites[0].packets, 20);
    assert_int_not_equal(show()->sites[0].number, number);
}

/* From the place that dropped on: what is before is of who looks. */
static void test_stacks(void **state)
{
    const struct packet_records *shown;

    (void)state;
    kernel.recorder.stacks = kernel.stacks;
    put_site(0, 0x12f1, GENERATION);
    put_record(0, 0, 1);
    kernel.stacks[0] = (struct drop_record_stack){.addresses = {0x5000, 0x12f1, 0x1010, 0x6000}};
    shown = show();
    assert_string_equal(shown->stacks.data + shown->records[0].stack,
                        "__udp4_lib_rcv+0x2f1\n__udp4_lib_rcv+0x10\n0x6000\n");
}

/* A device may be called anything but what has a blank or a slash. */
static void test_names_are_text(void **state)
{
    const struct packet_records *shown;

    (void)state;
    put_site(0, 0x9000, GENERATION); /* nobody knows what is there */
    memcpy(kernel.sites[0].device, "a\xff", 3);
    memcpy(put_record(0, 0, 1)->device, "\xfe", 2);
    shown = show();
    assert_string_equal(shown->sites[0].function, "unknown");
    assert_string_equal(shown->sites[0].device, "a?");
    assert_string_equal(shown->records[0].device, "?");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_nothing_records),
        TEST(test_a_place_has_a_name),
        TEST(test_headers_are_shown_and_no_more),
        TEST(test_more_is_shown_where_it_is_asked_for),
        TEST(test_a_vlan_tag_is_put_back),
        TEST(test_a_vlan_tag_without_a_place),
        TEST(test_records_are_in_order),
        TEST(test_owners_are_told_once),
        TEST(test_only_what_is_used_is_read),
        TEST(test_memory_is_given_back),
        TEST(test_counts_go_on),
        TEST(test_stacks),
        TEST(test_names_are_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
