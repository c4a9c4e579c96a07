/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Filters as tcpdump's, on packets that were cut, with and without a link header. */

#include <errno.h>

#include "terminal/filter.h"
#include "tests/unit/packet_bytes_of.h"
#include "tests/unit/unit.h"

#define ETHERNET "ffffffffffff 02005e100001 0800 "
#define UDP      "4500 00f2 0001 0000 40 11 0000 0a000007 0a000009 9c40 1fbd 00de 0000"

static struct filter *compile(const char *text)
{
    struct filter *filter = NULL;
    struct fault fault = {};

    assert_int_equal(filter_new(text, &filter, &fault), 0);
    return filter;
}

static void test_matches(void **state)
{
    static const struct {
        const char *text;
        bool frame, raw;
    } cases[] = {
        {"", true, true},
        {"udp port 8125", true, true},
        {"host 10.0.0.7 and udp", true, true},
        {"src host 10.0.0.9", false, false},
        {"tcp", false, false},
        {"ip6", false, false},
        {"greater 250", true, false}, /* the length on its way, not what was kept */
        {"ether broadcast", true, false},
        {"arp", false, false},
        {"udp[8] = 0", false, false}, /* behind what was kept */
        {"not udp[8] = 0", false, false},
    };
    uint8_t frame_bytes[PACKET_TEST_SIZE], raw_bytes[PACKET_TEST_SIZE];
    const struct packet frame = frame_of(ETHERNET UDP, 214, frame_bytes);
    struct packet raw = frame_of(UDP, 214, raw_bytes);

    (void)state;
    raw.link_type = PACKET_RAW;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct filter *filter = compile(cases[i].text);

        assert_string_equal(filter_text(filter), cases[i].text);
        assert_int_equal(filter_match(filter, &frame), cases[i].frame);
        assert_int_equal(filter_match(filter, &raw), cases[i].raw);
        filter_free(filter);
    }
}

/* ARP without a header of the link, and a protocol of which nothing was kept. */
static void test_what_is_neither_frame_nor_ip(void **state)
{
    uint8_t bytes[PACKET_TEST_SIZE];
    struct packet packet =
        frame_of("0001 0800 06 04 0001 02005e100001 0a000007 000000000000 0a000009", 0, bytes);
    struct filter *arp = compile("arp host 10.0.0.9"), *other = compile("ether proto 0x88b5"),
                  *udp = compile("udp"), *not_udp = compile("not udp");

    (void)state;
    packet.link_type = PACKET_RAW;
    packet.protocol = 0x0806;
    assert_true(filter_match(arp, &packet));
    assert_false(filter_match(other, &packet));
    packet.protocol = 0x88b5;
    packet.size = 0;
    assert_false(filter_match(arp, &packet));
    assert_true(filter_match(other, &packet));
    assert_false(filter_match(udp, &packet));
    assert_true(filter_match(not_udp, &packet));
    filter_free(arp);
    filter_free(other);
    filter_free(udp);
    filter_free(not_udp);
}

static void test_what_is_no_filter(void **state)
{
    static const char *const texts[] = {"udp prot 53", "(", "port 99999", "ether host nonsense:"};

    (void)state;
    for (size_t i = 0; i < ELEMENTS(texts); i++) {
        struct filter *filter = NULL;
        struct fault fault = {};

        assert_int_equal(filter_new(texts[i], &filter, &fault), -EINVAL);
        assert_null(filter);
        assert_non_null(strstr(fault.text, texts[i]));
    }
    assert_null(filter_free(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matches),
        cmocka_unit_test(test_what_is_neither_frame_nor_ip),
        cmocka_unit_test(test_what_is_no_filter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
