/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the headers of a packet end: each form that is known, each cut at each byte, and what is none. In the
 * texts below, which are the bytes in hexadecimal, "|" is where the headers end. */

#include <string.h>

#include "base/character.h"
#include "collectors/drops/packet_headers.h"
#include "tests/unit/damage.h"

#define ETHERNET                           "ffffffffffff 020000000001 "
#define IP4(size, protocol)                "4500" size "0001 0000 40" protocol "0000 0a000001 0a000002 "
#define IP4_PART(size, fragment, protocol) "4500" size "0001" fragment "40" protocol "0000 0a000001 0a000002 "
#define ADDRESSES6                         "20010db8000000000000000000000001 20010db8000000000000000000000002 "
#define IP6(size, next)                    "60000000" size next "40" ADDRESSES6
#define TCP                                "c350 0050 00000001 00000000 5002 ffff 0000 0000 "
#define TCP_12                             "c350 0050 00000001 00000000 8002 ffff 0000 0000 0101080a 00000001 00000002 "
#define UDP(port, size)                    "c350" port size "0000 "
#define PAYLOAD                            "73656372 6574"

struct form {
    const char *name;
    bool ethernet;
    uint16_t protocol;
    const char *bytes;
};

static const struct form forms[] = {
    {"TCP", false, 0x0800, IP4("002e", "06") TCP "|" PAYLOAD},
    {"TCP with options", false, 0x0800, IP4("003a", "06") TCP_12 "|" PAYLOAD},
    {"UDP", false, 0x0800, IP4("0022", "11") UDP("1f90", "000e") "|" PAYLOAD},
    {"UDP without a length", false, 0x0800, IP4("0000", "11") UDP("1f90", "0000") "|" PAYLOAD},
    {"UDP by Ethernet", true, 0, ETHERNET "0800" IP4("0022", "11") UDP("1f90", "000e") "|" PAYLOAD},
    {"IPv4 with options", false, 0x0800,
     "4600 0026 0001 0000 4011 0000 0a000001 0a000002 94040000" UDP("1f90", "000e") "|" PAYLOAD},
    {"VLAN", true, 0, ETHERNET "8100 0064 0800" IP4("0022", "11") UDP("1f90", "000e") "|" PAYLOAD},
    {"two tags", true, 0,
     ETHERNET "88a8 0001 8100 0064 0800" IP4("0022", "11") UDP("1f90", "000e") "|" PAYLOAD},
    {"a tag that the device took the link header from", false, 0x8100,
     "0064 0800" IP4("0022", "11") UDP("1f90", "000e") "|" PAYLOAD},
    {"ARP and its padding", true, 0,
     ETHERNET "0806 0001 0800 06 04 0001 020000000001 0a000001 000000000000 0a000002 |" PAYLOAD},
    {"ARP of other addresses", false, 0x0806, "0001 0800 08 04 0001 |" PAYLOAD},
    {"first fragment", false, 0x0800, IP4_PART("0022", "2000", "11") UDP("1f90", "002e") "|" PAYLOAD},
    {"later fragment", false, 0x0800, IP4_PART("0022", "2001", "11") "|" UDP("1f90", "000e") PAYLOAD},
    {"last fragment", false, 0x0800, IP4_PART("0022", "00b9", "06") "|" TCP PAYLOAD},
    {"TCP over IPv6", false, 0x86dd, IP6("001a", "06") TCP "|" PAYLOAD},
    {"IPv6 with hop-by-hop, routing and destination options", false, 0x86dd,
     IP6("0036", "00") "2b00 050200000100"
                       "3c01 0000 00000000 0000000000000000"
                       "1100 010400000000" UDP("1f90", "000e") "|" PAYLOAD},
    {"IPv6, first fragment", false, 0x86dd,
     IP6("0016", "2c") "1100 0001 00000001" UDP("1f90", "002e") "|" PAYLOAD},
    {"IPv6, later fragment", false, 0x86dd,
     IP6("0016", "2c") "1100 05a9 00000001 |" UDP("1f90", "002e") PAYLOAD},
    {"IPv6 with an authentication header", false, 0x86dd,
     IP6("0026", "33") "1104 0000 00000001 00000001 0102030405060708090a0b0c" UDP("1f90",
                                                                                  "000e") "|" PAYLOAD},
    {"IPv6 without anything", false, 0x86dd, IP6("0000", "3b") "|" PAYLOAD},
    {"ICMP echo", false, 0x0800, IP4("0022", "01") "0800 0000 0001 0001 |" PAYLOAD},
    {"ICMP error", false, 0x0800,
     IP4("0038", "01") "0303 0000 0000 0000 |" IP4("0022", "11") UDP("1f90", "000e")},
    {"ICMPv6 echo", false, 0x86dd, IP6("000e", "3a") "8000 0000 0001 0001 |" PAYLOAD},
    {"ICMPv6 neighbour solicitation", false, 0x86dd,
     IP6("0020", "3a") "8700 0000 00000000 20010db8000000000000000000000001 | 0101020000000001"},
    {"SCTP", false, 0x0800, IP4("0028", "84") "c350 0050 00000001 00000000 | 00030008" PAYLOAD},
    {"ESP", false, 0x0800, IP4("0022", "32") "00000001 00000002 |" PAYLOAD},
    {"IP in IP", false, 0x0800, IP4("0036", "04") "|" IP4("0022", "11") UDP("1f90", "000e") PAYLOAD},
    {"IPv6 in IP", false, 0x0800, IP4("0042", "29") "|" IP6("000e", "11") UDP("1f90", "000e") PAYLOAD},
    {"GRE", false, 0x0800, IP4("003a", "2f") "0000 0800 |" IP4("0022", "11") UDP("1f90", "000e") PAYLOAD},
    {"GRE with a key", false, 0x0800, IP4("003e", "2f") "2000 0800 00000001 |" IP4("0022", "11") PAYLOAD},
    {"GRE of PPTP", false, 0x0800, IP4("0026", "2f") "3081 880b 0006 0001 00000001 00000002 |" PAYLOAD},
    {"GRE with routing", false, 0x0800, IP4("002a", "2f") "4000 0800 | 00000000" PAYLOAD},
    {"VXLAN", false, 0x0800,
     IP4("0038", "11") UDP("12b5", "0024") "08000000 00000100 |" ETHERNET "0800" PAYLOAD},
    {"another's words at the port of VXLAN", false, 0x0800,
     IP4("002a", "11") UDP("12b5", "0016") "| 73656372 65742121" PAYLOAD},
    {"Geneve with an option", false, 0x0800,
     IP4("0040", "11") UDP("17c1", "002c") "02006558 00000100 01020304 05060708 |" ETHERNET PAYLOAD},
    {"another version at the port of Geneve", false, 0x0800,
     IP4("002a", "11") UDP("17c1", "0016") "| 80006558 00000100"},
    {"Geneve with what is reserved", false, 0x0800,
     IP4("002a", "11") UDP("17c1", "0016") "| 00016558 00000100"},
    {"Geneve of no Ethernet", false, 0x0800, IP4("002a", "11") UDP("17c1", "0016") "| 00000800 00000100"},
    {"VXLAN with what is reserved", false, 0x0800,
     IP4("002a", "11") UDP("12b5", "0016") "| 08000000 00000101"},
    {"GRE of a version that is not known", false, 0x0800, IP4("002a", "2f") "0002 0800 | 00000000" PAYLOAD},
    {"GRE with all that it may have", false, 0x0800,
     IP4("0042", "2f") "b000 0800 00000000 00000001 00000002 |" IP4("0022", "11")},
    {"IPv4 with an authentication header", false, 0x0800,
     IP4("003a", "33") "1104 0000 00000001 00000001 0102030405060708090a0b0c" UDP("1f90",
                                                                                  "000e") "|" PAYLOAD},
    {"IPv6 with what else may stand in between", false, 0x86dd,
     IP6("0026", "87") "8b00 010400000000 8c00 010400000000 3b00 010400000000 |" PAYLOAD},
    {"ICMPv6 neighbour advertisement", false, 0x86dd,
     IP6("0020", "3a") "8800 0000 00000000 20010db8000000000000000000000001 | 0201020000000001"},
    {"ICMPv6 router advertisement", false, 0x86dd,
     IP6("0018", "3a") "8600 0000 40000708 00000000 00000000 | 0101020000000001"},
    {"IPv6 in name only", false, 0x86dd, "|" PAYLOAD},
    {"other bits at the port of VXLAN", false, 0x0800,
     IP4("002a", "11") UDP("12b5", "0016") "| 0c000000 00000100"},
    {"a tunnel's bytes at another port", false, 0x0800,
     IP4("002a", "11") UDP("1f90", "0016") "| 08000000 00000100"},
    {"GRE of PPTP without a number", false, 0x0800,
     IP4("0022", "2f") "3001 880b 0006 0001 00000001 |" PAYLOAD},
    {"RARP", false, 0x8035, "0001 0800 06 04 0003 020000000001 00000000 020000000001 00000000 |" PAYLOAD},
    {"ARP of Ethernet and others", false, 0x0806, "0001 0800 06 10 0001 |" PAYLOAD},
    {"a tag of old", true, 0, ETHERNET "9100 0064 0800" IP4("0022", "11") UDP("1f90", "000e") "|" PAYLOAD},
    {"MPLS for many", true, 0, ETHERNET "8848 000c8140 |" IP4("0022", "11") PAYLOAD},
    {"PPPoE discovery", true, 0, ETHERNET "8863 1109 0000 0004 | 01010000"},
    {"half of SNAP", true, 0, ETHERNET "0026 aa4203 | 00000c 2000" PAYLOAD},
    {"MPLS", true, 0, ETHERNET "8847 00064040 000c8140 |" IP4("0022", "11") PAYLOAD},
    {"PPPoE", true, 0, ETHERNET "8864 1100 0001 0024 0021 |" IP4("0022", "11") PAYLOAD},
    {"LLDP", true, 0, ETHERNET "88cc | 0207 04" PAYLOAD},
    {"spanning tree", true, 0, ETHERNET "0026 424203 | 0000000000" PAYLOAD},
    {"SNAP", true, 0, ETHERNET "0026 aaaa03 00000c 2000 | 02b4" PAYLOAD},
    {"a protocol that is not known", false, 0x0800, IP4("001a", "fd") "|" PAYLOAD},
    {"padding of Ethernet", true, 0,
     ETHERNET "0800" IP4("0014", "11") "|"
                                       "0000000000000000" PAYLOAD},
    {"TCP that is shorter than its header", false, 0x0800, IP4("001c", "06") "c350 0050 00000001 |" PAYLOAD},
    {"TCP with an offset that cannot be", false, 0x0800,
     IP4("002e", "06") "c350 0050 00000001 00000000 1002 ffff 0000 0000 |" PAYLOAD},
    {"IPv4 in name only", false, 0x0800, "|" PAYLOAD},
    {"IPv4 with a header that cannot be", false, 0x0800, "| 4400" PAYLOAD},
    {"IPv4 shorter than its header", false, 0x0800, IP4("0013", "11") "|" UDP("1f90", "000e") PAYLOAD},
    {"options of IPv6 in IPv4", false, 0x0800, IP4("0022", "3c") "|" UDP("1f90", "000e") PAYLOAD},
    {"no network at all", false, 0, "|" PAYLOAD},
};

/* The bytes of a text; *ret_mark: how many stand before the mark. */
static size_t bytes_of(const char *text, uint8_t *bytes, size_t *ret_mark)
{
    size_t digits = 0;

    *ret_mark = 0;
    for (; *text; text++) {
        if (*text == '|')
            *ret_mark = digits / 2;
        if (hex_value(*text) < 0)
            continue;
        bytes[digits / 2] =
            (uint8_t)(digits % 2 ? bytes[digits / 2] << 4 | hex_value(*text) : hex_value(*text));
        digits++;
    }
    assert_int_equal(digits % 2, 0);
    return digits / 2;
}

static size_t headers(const struct form *form, const uint8_t *data, size_t size)
{
    struct bytes bytes = bytes_copy((const char *)data, size);
    const struct packet_view packet = {.data = (const uint8_t *)bytes.data,
                                       .size = size,
                                       .ethernet = form->ethernet,
                                       .protocol = form->protocol};
    size_t kept = packet_headers_size(&packet);

    bytes_done(&bytes);
    return kept;
}

static void test_each_form(void **state)
{
    uint8_t bytes[256];
    size_t mark;

    (void)state;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        size_t size = bytes_of(forms[i].bytes, bytes, &mark);
        size_t kept = headers(&forms[i], bytes, size);

        if (kept != mark)
            fail_msg("%s: %zu bytes of headers, not %zu", forms[i].name, kept, mark);
    }
}

/* What is cut keeps no byte that would not have been kept, and each that is known for one of a header. */
static void test_each_cut(void **state)
{
    uint8_t bytes[256];
    size_t mark;

    (void)state;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        size_t size = bytes_of(forms[i].bytes, bytes, &mark);

        for (size_t cut = 0; cut < size; cut++) {
            size_t kept = headers(&forms[i], bytes, cut);

            if (kept > mark || kept > cut)
                fail_msg("%s cut behind %zu: %zu bytes", forms[i].name, cut, kept);
        }
    }
}

static void test_a_cut_header_is_kept(void **state)
{
    static const struct form tcp = {"TCP", true, 0, ETHERNET "0800" IP4("003a", "06") TCP_12 "|" PAYLOAD};
    uint8_t bytes[256];
    size_t mark, size = bytes_of(tcp.bytes, bytes, &mark);

    (void)state;
    for (size_t cut = 0; cut < size; cut++)
        assert_int_equal(headers(&tcp, bytes, cut), cut < mark ? cut : mark);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_form),
        cmocka_unit_test(test_each_cut),
        cmocka_unit_test(test_a_cut_header_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
