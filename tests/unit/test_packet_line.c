/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets as lines: what those read who know tcpdump, also of what was cut, is not valid, or nobody knows. */

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/harmless.h"
#include "base/packet/packet_line.h"
#include "tests/unit/packet_bytes_of.h"
#include "tests/unit/unit.h"

#define MACS        "0180c200000e 02005e100001 "
#define IP4         MACS "0800 "
#define IP6         MACS "86dd "
#define FROM        "0a000007 "
#define TO          "0a000009 "
#define FROM6       "20010db8000000000000000000000001 "
#define TO6         "ff020000000000000000000000000002 "
#define UDP(length) "9c40 1f4a " length " 0000 "
#define TCP(flags)  "9352 01bb 00000001 00000002 " flags " ffff 0000 0000 "

struct line {
    const char *digits;
    size_t more; /* bytes that were cut off */
    const char *text;
};

static void check_line(const struct packet *packet, const char *expected)
{
    struct buffer out = {};

    packet_line(packet, &out);
    buffer_append(&out, "", 1);
    assert_int_equal(out.error, 0);
    assert_string_equal(out.data, expected);
    buffer_done(&out);
}

static void check_lines(const struct line *lines, size_t count)
{
    uint8_t bytes[PACKET_TEST_SIZE];

    for (size_t i = 0; i < count; i++) {
        const struct packet packet = frame_of(lines[i].digits, lines[i].more, bytes);

        check_line(&packet, lines[i].text);
    }
}

static void test_udp_and_tcp(void **state)
{
    static const struct line lines[] = {
        {IP4 "4500 00f2 0001 0000 40 11 0000 " FROM TO UDP("00de"), 214,
         "IP 10.0.0.7.40000 > 10.0.0.9.8010  UDP len 214"},
        {IP4 "4500 0028 0001 4000 40 06 0000 " FROM TO TCP("5002"), 0,
         "IP 10.0.0.7.37714 > 10.0.0.9.443  TCP [S] len 0"},
        {IP4 "4500 05dc 0001 4000 40 06 0000 " FROM TO TCP("8010") "0101080a 00000001 00000002", 1448,
         "IP 10.0.0.7.37714 > 10.0.0.9.443  TCP [.] len 1448"},
        {IP4 "4500 0028 0001 4000 40 06 0000 " FROM TO TCP("5012"), 0,
         "IP 10.0.0.7.37714 > 10.0.0.9.443  TCP [S.] len 0"},
        {IP4 "4500 0028 0001 4000 40 06 0000 " FROM TO TCP("5018"), 0,
         "IP 10.0.0.7.37714 > 10.0.0.9.443  TCP [P.] len 0"},
        {IP4 "4500 0028 0001 4000 40 06 0000 " FROM TO TCP("5011"), 0,
         "IP 10.0.0.7.37714 > 10.0.0.9.443  TCP [F.] len 0"},
        {IP4 "4500 0028 0001 4000 40 06 0000 " FROM TO TCP("5004"), 0,
         "IP 10.0.0.7.37714 > 10.0.0.9.443  TCP [R] len 0"},
        {IP4 "4500 0028 0001 4000 40 06 0000 " FROM TO TCP("50c2"), 0,
         "IP 10.0.0.7.37714 > 10.0.0.9.443  TCP [SEW] len 0"},
        {IP4 "4500 0028 0001 4000 40 06 0000 " FROM TO TCP("5000"), 0,
         "IP 10.0.0.7.37714 > 10.0.0.9.443  TCP [none] len 0"},
        {IP6 "60000000 0010 11 40 " FROM6 TO6 UDP("0010"), 8,
         "IP6 2001:db8::1.40000 > ff02::2.8010  UDP len 8"},
        {IP4 "4500 0024 0001 0000 40 84 0000 " FROM TO "0016 0017 00000001 00000000 01020304", 0,
         "IP 10.0.0.7.22 > 10.0.0.9.23  SCTP len 4"},
        /* Padding to Ethernet's least length is none of it. */
        {IP4 "4500 001c 0001 0000 40 11 0000 " FROM TO UDP("0008") "00000000 00000000 00000000 00000000 0000",
         0, "IP 10.0.0.7.40000 > 10.0.0.9.8010  UDP len 0"},
        /* Segments that are put together may be too long for the field. */
        {IP4 "4500 0000 0001 0000 40 11 0000 " FROM TO UDP("0000"), 70000,
         "IP 10.0.0.7.40000 > 10.0.0.9.8010  UDP len 70000"},
        /* Options of IP. */
        {IP4 "4600 0020 0001 0000 40 11 0000 " FROM TO "94040000 " UDP("0008"), 0,
         "IP 10.0.0.7.40000 > 10.0.0.9.8010  UDP len 0"},
    };

    (void)state;
    check_lines(lines, ELEMENTS(lines));
}

static void test_other_protocols(void **state)
{
    static const struct line lines[] = {
        {IP4 "4500 0054 0001 4000 40 01 0000 " FROM TO "0800 0000 0005 0001", 56,
         "IP 10.0.0.7 > 10.0.0.9  ICMP echo request id 5 seq 1 len 56"},
        {IP4 "4500 0038 0001 0000 40 01 0000 " FROM TO "0303 0000 0000 0000", 28,
         "IP 10.0.0.7 > 10.0.0.9  ICMP port unreachable"},
        {IP4 "4500 0038 0001 0000 40 01 0000 " FROM TO "0304 0000 0000 0578", 28,
         "IP 10.0.0.7 > 10.0.0.9  ICMP fragmentation needed mtu 1400"},
        {IP4 "4500 001c 0001 0000 40 01 0000 " FROM TO "2a07 0000 0000 0000", 0,
         "IP 10.0.0.7 > 10.0.0.9  ICMP type 42 code 7"},
        {IP6 "60000000 0020 3a ff " FROM6 TO6 "8700 0000 00000000 " FROM6, 8,
         "IP6 2001:db8::1 > ff02::2  ICMP6 neighbor solicitation who has 2001:db8::1"},
        {IP6 "60000000 0008 3a ff " FROM6 TO6 "0200 0000 00000500", 0,
         "IP6 2001:db8::1 > ff02::2  ICMP6 packet too big mtu 1280"},
        {IP4 "4500 0028 0001 0000 40 32 0000 " FROM TO "00001001 00000007", 12,
         "IP 10.0.0.7 > 10.0.0.9  ESP spi 0x00001001 seq 7 len 12"},
        {IP4 "4500 0028 0001 0000 40 2f 0000 " FROM TO, 20, "IP 10.0.0.7 > 10.0.0.9  GRE len 20"},
        {IP4 "4500 0028 0001 0000 40 04 0000 " FROM TO, 20, "IP 10.0.0.7 > 10.0.0.9  IP-in-IP len 20"},
        {IP4 "4500 0028 0001 0000 40 fd 0000 " FROM TO, 20, "IP 10.0.0.7 > 10.0.0.9  protocol 253 len 20"},
    };

    (void)state;
    check_lines(lines, ELEMENTS(lines));
}

static void test_fragments_and_extension_headers(void **state)
{
    static const struct line lines[] = {
        {IP4 "4500 05dc 0001 2000 40 11 0000 " FROM TO UDP("0bb8"), 1472,
         "IP 10.0.0.7.40000 > 10.0.0.9.8010  UDP len 1472 frag 0+"},
        {IP4 "4500 05dc 0001 20b9 40 11 0000 " FROM TO, 1480,
         "IP 10.0.0.7 > 10.0.0.9  UDP len 1480 frag 1480+"},
        {IP4 "4500 0030 0001 0172 40 11 0000 " FROM TO, 28, "IP 10.0.0.7 > 10.0.0.9  UDP len 28 frag 2960"},
        /* Hop by hop, then destination options, then a routing header. */
        {IP6 "60000000 0020 00 40 " FROM6 TO6
             "3c00 010400000000 2b00 010400000000 1100 000000000000 " UDP("0008"),
         0, "IP6 2001:db8::1.40000 > ff02::2.8010  UDP len 0"},
        {IP6 "60000000 0010 2c 40 " FROM6 TO6 "1100 0001 00000001 " UDP("0bb8"), 0,
         "IP6 2001:db8::1.40000 > ff02::2.8010  UDP len 0 frag 0+"},
        {IP6 "60000000 0010 2c 40 " FROM6 TO6 "1100 05a8 00000001 " UDP("0bb8"), 0,
         "IP6 2001:db8::1 > ff02::2  UDP len 8 frag 1448"},
        {IP6 "60000000 0014 33 40 " FROM6 TO6 "1101 0000 00000001 00000001 " UDP("0008"), 0,
         "IP6 2001:db8::1.40000 > ff02::2.8010  UDP len 0"},
        /* An extension header that was cut off: what is behind it is not known. */
        {IP6 "60000000 0100 00 40 " FROM6 TO6 "11ff 010400000000", 248,
         "IP6 2001:db8::1 > ff02::2  protocol 0 len 256"},
    };

    (void)state;
    check_lines(lines, ELEMENTS(lines));
}

static void test_link_layer(void **state)
{
    static const struct line lines[] = {
        {"ffffffffffff 02005e100001 0806 0001 0800 06 04 0001 02005e100001 " FROM "000000000000 " TO, 0,
         "ARP who-has 10.0.0.9 tell 10.0.0.7"},
        {"ffffffffffff 02005e100001 0806 0001 0800 06 04 0002 02005e100001 " FROM "02005e100002 " TO, 0,
         "ARP 10.0.0.7 is-at 02:00:5e:10:00:01"},
        {"ffffffffffff 02005e100001 0806 0001 0800 06 04 0009 02005e100001 " FROM "02005e100002 " TO, 0,
         "ARP operation 9"},
        {"ffffffffffff 02005e100001 0806 0020 0800 14 04 0001 02005e100001 " FROM "02005e100002 " TO, 0,
         "ARP of other addresses"},
        {MACS "88cc 0207040002005e", 20, "LLDP 02:00:5e:10:00:01 > 01:80:c2:00:00:0e  len 27"},
        {MACS "88b5 00000000", 0, "ethertype 0x88b5 02:00:5e:10:00:01 > 01:80:c2:00:00:0e  len 4"},
        {"0180c2000000 02005e100001 0026 424203 0000", 34,
         "STP 02:00:5e:10:00:01 > 01:80:c2:00:00:00  len 38"},
        {MACS "8100 0064 0800 4500 001c 0001 0000 40 11 0000 " FROM TO UDP("0008"), 0,
         "vlan 100  IP 10.0.0.7.40000 > 10.0.0.9.8010  UDP len 0"},
        {MACS "88a8 0007 8100 2064 86dd 60000000 0008 3b 40 " FROM6 TO6 "0000000000000000", 0,
         "vlan 7  vlan 100  IP6 2001:db8::1 > ff02::2  no next header len 8"},
    };

    (void)state;
    check_lines(lines, ELEMENTS(lines));
}

static void test_what_is_cut_or_not_valid(void **state)
{
    static const struct line lines[] = {
        {"0180c2", 60, "Ethernet [cut] len 63"},
        {IP4 "4500 001c", 24, "IP [cut] len 28"},
        {IP4 "4400 001c 0001 0000 40 11 0000 " FROM TO, 8, "IP not valid len 28"},
        {IP4 "6500 001c 0001 0000 40 11 0000 " FROM TO, 8, "IP not valid len 28"},
        {IP4 "4600 0030 0001 0000 40 11 0000 " FROM TO, 28, "IP 10.0.0.7 > 10.0.0.9  UDP [cut]"},
        {IP4 "4500 001c 0001 0000 40 11 0000 " FROM TO "9c40 1f4a", 4,
         "IP 10.0.0.7.40000 > 10.0.0.9.8010  UDP [cut]"},
        {IP4 "4500 0028 0001 0000 40 06 0000 " FROM TO "9c40 1f4a", 16,
         "IP 10.0.0.7.40000 > 10.0.0.9.8010  TCP [cut]"},
        {IP4 "4500 001c 0001 0000 40 01 0000 " FROM TO "0800", 6, "IP 10.0.0.7 > 10.0.0.9  ICMP [cut]"},
        {IP6 "60000000 0008 11", 40, "IP6 [cut] len 47"},
        {IP6 "60000000 0008 3a ff " FROM6 TO6, 8, "IP6 2001:db8::1 > ff02::2  ICMP6 [cut]"},
        {"ffffffffffff 02005e100001 0806 0001", 26, "ARP [cut]"},
        {MACS "8100", 40, "ethertype 0x8100 02:00:5e:10:00:01 > 01:80:c2:00:00:0e  len 40"},
    };

    (void)state;
    check_lines(lines, ELEMENTS(lines));
}

/* Local output has no Ethernet header yet. */
static void test_without_link_header(void **state)
{
    static const char digits[] = "4500 001c 0001 0000 40 11 0000 " FROM TO UDP("0008");
    uint8_t bytes[PACKET_TEST_SIZE];
    size_t size = bytes_of(digits, bytes);
    struct packet packet = {
        .data = bytes, .size = size, .length = size, .link_type = PACKET_RAW, .protocol = 0x0800};

    (void)state;
    check_line(&packet, "IP 10.0.0.7.40000 > 10.0.0.9.8010  UDP len 0");
    packet.protocol = 0;
    check_line(&packet, "IP 10.0.0.7.40000 > 10.0.0.9.8010  UDP len 0");
    packet.protocol = 0x88cc;
    check_line(&packet, "LLDP  len 28");
    packet = (struct packet){.data = bytes, .link_type = PACKET_RAW};
    check_line(&packet, "ethertype 0x0000  len 0");
}

/* Whatever the bytes are: one line, nothing that a terminal obeys. */
static void check_prefixes(const char *digits, const char *expected)
{
    uint8_t bytes[PACKET_TEST_SIZE];
    struct packet packet = frame_of(digits, 0, bytes);

    packet.prefixes = true;
    check_line(&packet, expected);
}

/* Of each address only the network. */
static void test_prefixes(void **state)
{
    (void)state;
    check_prefixes(IP4 "4500 001c 0001 0000 40 11 0000 " FROM TO UDP("0008"),
                   "IP 10.0.0.0/24.40000 > 10.0.0.0/24.8010  UDP len 0");
    check_prefixes(MACS "86dd 60000000 0008 11 40"
                        "20010db8 0000abcd 0000000000000001 fe80000000000000 020000fffe000002" UDP("0008"),
                   "IP6 2001:db8:0:ab00::/56.40000 > fe80::/56.8010  UDP len 0");
    check_prefixes(MACS "86dd 60000000 0008 11 40"
                        "00000000000000000000ffff 0a4d0107 0064ff9b 0000000000000000 0a4d0108" UDP("0008"),
                   "IP6 ::ffff:10.77.1.0/120.40000 > 64:ff9b::/56.8010  UDP len 0");
    check_prefixes(MACS "86dd 60000000 0018 3a ff"
                        "fe800000000000000000000000000001 ff0200000000000000000001ff00abcd"
                        "8700 0000 00000000 20010db8 00000000 000000000000abcd",
                   "IP6 fe80::/56 > ff02::/56  ICMP6 neighbor solicitation who has 2001:db8::/56");
    check_prefixes(MACS "0806 0001 0800 06 04 0001 020000000001 0a4d0107 000000000000 0a4d0109",
                   "ARP who-has 10.77.1.0/24 tell 10.77.1.0/24");
    check_prefixes(MACS "0806 0001 0800 06 04 0002 0242ac110002 0a4d0107 020000000001 0a4d0109",
                   "ARP 10.77.1.0/24 is-at 02:42:ac:xx:xx:xx");
}

static void text_of(const struct packet *packet, struct buffer *out)
{
    buffer_clear(out);
    packet_line(packet, out);
    buffer_append(out, "", 1);
    assert_int_equal(out->error, 0);
}

/* Draws the bytes that say who somebody is within the network: of MACs, and of the addresses at `at`. */
static void draw_hosts(uint8_t *bytes, size_t at, size_t network, size_t size)
{
    for (size_t i = 3; i < 6; i++) {
        bytes[i] = (uint8_t)rand();
        bytes[6 + i] = (uint8_t)rand();
    }
    for (size_t i = network; i < size; i++) {
        bytes[at + i] = (uint8_t)rand();
        bytes[at + size + i] = (uint8_t)rand();
    }
}

/* Whatever a packet is: who is meant within a network changes nothing that is told. */
static void test_prefixes_tell_nobody_apart(void **state)
{
    uint8_t bytes[96];
    struct buffer one = {}, other = {};
    size_t differ = 0;

    (void)state;
    srand(unit_seed());
    for (size_t i = 0; i < 50000; i++) {
        struct packet packet = {
            .data = bytes, .size = sizeof(bytes), .length = sizeof(bytes), .link_type = PACKET_ETHERNET};
        bool ip6 = rand() % 2;

        for (size_t at = 0; at < sizeof(bytes); at++)
            bytes[at] = (uint8_t)rand();
        memcpy(bytes + 12, ip6 ? "\x86\xdd\x60" : "\x08\x00\x45", 3);
        packet.prefixes = i % 2;
        text_of(&packet, &one);
        draw_hosts(bytes, ip6 ? 14 + 8 : 14 + 12, ip6 ? 7 : 3, ip6 ? 16 : 4);
        text_of(&packet, &other);
        if (packet.prefixes)
            assert_string_equal(one.data, other.data);
        else
            differ += strcmp(one.data, other.data) != 0;
    }
    assert_true(differ > 24000);
    buffer_done(&one);
    buffer_done(&other);
}

static void test_any_bytes(void **state)
{
    uint8_t bytes[64];
    struct buffer out = {};

    (void)state;
    srand(unit_seed());
    for (size_t i = 0; i < 50000; i++) {
        size_t size = (size_t)rand() % sizeof(bytes);
        struct packet packet = {.data = bytes, .size = size, .length = size + (size_t)(rand() % 100)};

        for (size_t at = 0; at < size; at++)
            bytes[at] = (uint8_t)rand();
        if (size > 14 && rand() % 2)
            memcpy(bytes + 12, rand() % 2 ? "\x08\x00\x45" : "\x86\xdd\x60", 3);
        packet.link_type = rand() % 2 ? PACKET_ETHERNET : PACKET_RAW;
        packet.protocol = rand() % 2 ? 0x0800 : 0x86dd;
        buffer_clear(&out);
        packet_line(&packet, &out);
        buffer_append(&out, "", 1);
        assert_int_equal(out.error, 0);
        assert_int_equal(strlen(out.data) + 1, out.size);
        assert_true(harmless(out.data));
    }
    buffer_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_udp_and_tcp),
        cmocka_unit_test(test_other_protocols),
        cmocka_unit_test(test_fragments_and_extension_headers),
        cmocka_unit_test(test_link_layer),
        cmocka_unit_test(test_what_is_cut_or_not_valid),
        cmocka_unit_test(test_without_link_header),
        cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_prefixes_tell_nobody_apart),
        cmocka_unit_test(test_any_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
