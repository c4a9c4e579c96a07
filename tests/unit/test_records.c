/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's answer as structs: exact times, harmless names, and no surprise from a document that is none.
 */

#include <errno.h>
#include <string.h>

#include "terminal/records.h"
#include "tests/unit/unit.h"

static const char answer[] =
    "{\"now\": \"1764438000.123456789\", \"source\": \"bpf\", \"host\": \"web-7\", \"sequence\": 4711, \"later\": [],"
    " \"sites\": [{\"site\": 17, \"function\": \"udp_queue_rcv_one_skb\", \"offset\": \"0x2f1\","
    " \"reason\": \"SOCKET_RCVBUFF\", \"cause\": \"udp_receive_buffer_full\", \"class\": \"capacity\","
    " \"device\": \"eth0\", \"netns\": \"self\", \"packets\": 17972},"
    " {\"site\": 3, \"function\": \"nft_do_chain\", \"packets\": 9007199254740991}],"
    " \"records\": [{\"sequence\": 4711, \"site\": 17, \"time\": \"1764438000.118204001\", \"link_type\": 101,"
    " \"protocol\": \"0x86dd\", \"length\": 242, \"device\": \"eth0\", \"netns\": \"blue\", \"unit\": \"statsd.service\","
    " \"container_id\": \"\", \"pod_uid\": \"\", \"data\": \"4500fFx\", \"stack\": [\"a+0x1\", \"b+0x2\"]},"
    " {\"sequence\": 4710, \"site\": 3, \"time\": \"1764438000.118204000\", \"link_type\": 1, \"data\": \"00\"},"
    " {\"sequence\": 4709, \"site\": 3, \"link_type\": 113, \"data\": \"00\", \"stack\": [\"c\"]}]}";

static struct records *parse(const char *text)
{
    struct records *records = NULL;
    struct fault fault = {};

    assert_int_equal(records_parse(text, strlen(text), &records, &fault), 0);
    return records;
}

static void check_workload(const struct record *record, const char *expected)
{
    char text[RECORD_UNIT_SIZE];

    record_workload(record, text);
    assert_string_equal(text, expected);
}

static void test_an_answer(void **state)
{
    struct records *records = parse(answer);
    const struct record *first = &records->items[0], *last = &records->items[1];
    const struct record_site *site = records_site(records, last->site);

    (void)state;
    assert_int_equal(records->now_ns, 1764438000123456789);
    assert_int_equal(records->sequence, 4711);
    assert_string_equal(records->host, "web-7");
    assert_int_equal(records->site_count, 2);
    assert_int_equal(records->count, 2); /* the third is of a link type that nobody knows here */
    assert_int_equal(first->sequence, 4710);
    check_workload(first, "-");
    assert_null(first->stack);
    assert_int_equal(records_site(records, first->site)->packets, 9007199254740991);
    assert_null(records_site(records, 18));
    assert_string_equal(site->function, "udp_queue_rcv_one_skb");
    assert_string_equal(site->drop_class, "capacity");
    assert_int_equal(last->time_ns, 1764438000118204001);
    assert_int_equal(last->protocol, 0x86dd);
    assert_int_equal(last->length, 242);
    assert_int_equal(last->size, 3);
    assert_memory_equal(last->data, "\x45\x00\xff", 3);
    assert_string_equal(last->stack, "a+0x1\nb+0x2");
    check_workload(last, "statsd.service");
    records_free(records);
}

/* Of an exporter that somebody else has written, too. */
static void test_names_become_harmless(void **state)
{
    struct records *records = parse(
        "{\"host\": \"\\u001b[2J\", \"sites\": [{\"site\": 1, \"function\": \"a\\nb\", \"device\": \"\\u009b31m\"}],"
        " \"records\": [{\"link_type\": 1, \"unit\": \"\\u001b]0;x\\u0007\", \"stack\": [\"\\u001bc\"],"
        " \"container_id\": \"\\u202e\"}]}");

    (void)state;
    assert_string_equal(records->host, "?[2J");
    assert_string_equal(records->sites[0].function, "a?b");
    assert_string_equal(records->sites[0].device, "?31m");
    assert_string_equal(records->items[0].unit, "?]0;x?");
    assert_string_equal(records->items[0].container_id, "?");
    assert_string_equal(records->items[0].stack, "?c");
    records_free(records);
}

static void test_what_is_missing_or_odd(void **state)
{
    struct records *records = parse(
        "{\"now\": 5, \"sequence\": -1, \"sites\": [{\"packets\": 1e300, \"function\": 7}],"
        " \"records\": [{\"link_type\": 1, \"time\": \"1764438000.5\", \"length\": 1, \"data\": \"000102\","
        " \"protocol\": \"2048\", \"stack\": [1]}, {\"link_type\": 1, \"time\": \"99999999999999999999.0\"},"
        " {\"link_type\": 1, \"time\": \"18446744074.000000000\"}, {\"link_type\": 1, \"time\": \"7\"}]}");

    (void)state;
    assert_int_equal(records->now_ns, 0);
    assert_int_equal(records->sequence, 0);
    assert_int_equal(records->sites[0].packets, 0);
    assert_string_equal(records->sites[0].function, "");
    assert_int_equal(records->items[0].time_ns, 0);
    assert_int_equal(records->items[0].length, 3); /* not less than there is */
    assert_int_equal(records->items[0].protocol, 0);
    assert_null(records->items[0].stack);
    assert_int_equal(records->items[1].time_ns, 0);
    assert_int_equal(records->items[2].time_ns, 0);
    assert_int_equal(records->items[3].time_ns, 7000000000);
    records_free(records);
}

static void test_what_is_no_answer(void **state)
{
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "null",
        "{}",
        "{\"sites\": []}",
        "{\"records\": []}",
        "{\"sites\": {}, \"records\": []}",
        "{\"sites\": [1], \"records\": []}",
        "{\"sites\": [], \"records\": [1]}",
        "{\"sites\": [], \"records\": 1}",
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(texts); i++) {
        struct records *records = NULL;
        struct fault fault = {};

        assert_int_equal(records_parse(texts[i], strlen(texts[i]), &records, &fault), -EPROTO);
        assert_null(records);
        assert_string_equal(fault.text, "the service's answer is no list of recorded packets");
    }
    assert_null(records_free(NULL));
}

static void test_workloads(void **state)
{
    static const char pod[] = "0b2f4c1e-1111-2222-3333-444455556666";
    struct record record = {};

    (void)state;
    strcpy(record.pod_uid, pod);
    check_workload(&record, pod);
    strcpy(record.container_id, "3f4e5d6c7b8a9000111122223333");
    check_workload(&record, "3f4e5d6c7b8a");
    strcpy(record.unit, "statsd.service");
    check_workload(&record, "statsd.service");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_answer),
        cmocka_unit_test(test_workloads),
        cmocka_unit_test(test_names_become_harmless),
        cmocka_unit_test(test_what_is_missing_or_odd),
        cmocka_unit_test(test_what_is_no_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
