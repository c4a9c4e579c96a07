/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names of protocol counters: every pair of tests/golden/snmp_names.txt, each rule by itself, the edges;
 * and that each field of tests/golden/snmp_selection.txt has a HELP text. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "collectors/protocols/snmp_help.h"
#include "collectors/protocols/snmp_name.h"
#include "tests/unit/unit.h"

static struct snmp_name make(const char *protocol, const char *field)
{
    struct snmp_field names = {
        .protocol = {protocol, strlen(protocol)},
        .name = {field, strlen(field)},
    };
    struct snmp_name name;

    snmp_name_make(&names, &name);
    return name;
}

/* As it stands on the page. */
static void render(const struct snmp_name *name, char *text, size_t size)
{
    if (name->shape == SNMP_ICMP_TYPE)
        (void)snprintf(text, size, "%s{type=\"%u\",ip_version=\"%u\"}", name->text, name->icmp_type,
                       name->version);
    else if (name->shape == SNMP_VERSIONED)
        (void)snprintf(text, size, "%s{ip_version=\"%u\"}", name->text, name->version);
    else
        (void)snprintf(text, size, "%s", name->text);
}

static void test_golden(void **state)
{
    _cleanup_(fclosep) FILE *file = NULL;
    char path[4096], protocol[64], field[128], expected[256];
    unsigned lines = 0;

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/../golden/snmp_names.txt", getenv("FIXTURES"));
    file = fopen(path, "re");
    assert_non_null(file);
    while (fscanf(file, "%63s %127s %255[^\n]", protocol, field, expected) == 3) {
        struct snmp_name name = make(protocol, field);
        char text[SNMP_NAME_MAX + 64];

        render(&name, text, sizeof(text));
        assert_string_equal(text, expected);
        assert_int_equal(name.gauge, !strstr(expected, "_total"));
        assert_int_equal(name.is_signed, !strcmp(field, "MaxConn"));
        lines++;
    }
    assert_true(feof(file));
    assert_true(lines > 400);
}

struct words_case {
    const char *field;
    const char *words;
};

static const struct words_case words_cases[] = {
    {"ReasmOKs", "reasm_oks"},
    {"DelayedACKs", "delayed_acks"},
    {"TCPSpuriousRTOs", "tcp_spurious_rtos"},
    {"TCPACKs", "tcp_acks"},
    {"OKsb", "o_ksb"}, /* a small letter behind the s: no plural */
    {"As", "as"},
    {"InMLDv2Reports", "in_mldv2_reports"},
    {"TCPv4Drop", "tcp_v4_drop"},
    {"IPv", "i_pv"},
    {"TCPMD5NotFound", "tcp_md5_not_found"},
    {"InECT1Pkts", "in_ect1_pkts"},
    {"TCPSACKReneging", "tcp_sack_reneging"},
    {"TCPRcvQDrop", "tcp_rcv_q_drop"},
    {"TCPHPHits", "tcp_hp_hits"},
    {"TCP", "tcp"},
    {"TW", "tw"},
    {"TcpTimeoutRehash", "tcp_timeout_rehash"},
    {"MPTCPRetrans", "mptcp_retrans"},
    {"MPJoinSynAckHMacFailure", "mp_join_syn_ack_hmac_failure"},
    {"HMac", "hmac"},
    {"HMacro", "h_macro"},
    {"XHMac", "xh_mac"},
    {"TCPACKSkippedFinWait2", "tcp_ack_skipped_fin_wait2"},
    {"Wait2Long", "wait2_long"},
    {"a1b2", "a1_b2"},
    {"A1a", "a1_a"},
    {"x99", "x99"},
    {"TCPs5", "tcp_s_5"},
    {"lower_and-other.Bytes", "lower_and_other_bytes"},
    {"a__b", "a_b"},
    {"x{}\"\\", "x"},
};

static void test_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(words_cases); i++) {
        struct snmp_name name = make("Xyz", words_cases[i].field);
        char expected[128];

        (void)snprintf(expected, sizeof(expected), "netdrop_xyz_%s_total", words_cases[i].words);
        assert_string_equal(name.text, expected);
        assert_int_equal(name.stem_size, strlen(expected) - strlen("_total"));
    }
}

static void test_total_is_not_doubled(void **state)
{
    (void)state;
    assert_string_equal(make("Xyz", "DropsTotal").text, "netdrop_xyz_drops_total");
    assert_int_equal(make("Xyz", "DropsTotal").stem_size, strlen("netdrop_xyz_drops"));
    assert_string_equal(make("Xyz", "TotalDrops").text, "netdrop_xyz_total_drops_total");
    assert_string_equal(make("Xyz", "Subtotal").text, "netdrop_xyz_subtotal_total");
    assert_string_equal(make("Xyz", "Total").text, "netdrop_xyz_total");
}

static void test_versions(void **state)
{
    struct snmp_name name = make("UdpLite6", "NoPorts");

    (void)state;
    assert_string_equal(name.text, "netdrop_udplite_no_ports_total");
    assert_int_equal(name.version, 6);
    name = make("Sctp6", "Drops"); /* not one of the four: the 6 is part of the name */
    assert_string_equal(name.text, "netdrop_sctp6_drops_total");
    assert_int_equal(name.shape, SNMP_PLAIN);
    name = make("Ip6", "Forwarding"); /* the same family as IPv4's, so of the same type */
    assert_true(name.gauge);
    assert_string_equal(name.text, "netdrop_ip_forwarding");
    assert_false(make("TcpExt", "CurrEstab").gauge);
}

static void assert_icmp_type(const char *protocol, unsigned version, unsigned type)
{
    char field[32];
    struct snmp_name name;

    (void)snprintf(field, sizeof(field), "InType%u", type);
    name = make(protocol, field);
    assert_int_equal(name.shape, SNMP_ICMP_TYPE);
    assert_string_equal(name.text, "netdrop_icmp_in_type_total");
    assert_int_equal(name.icmp_type, type);
    assert_int_equal(name.version, version);
    (void)snprintf(field, sizeof(field), "OutType%u", type);
    name = make(protocol, field);
    assert_string_equal(name.text, "netdrop_icmp_out_type_total");
    assert_int_equal(name.icmp_type, type);
}

static void test_icmp_types(void **state)
{
    static const char *const others[] = {"InType256", "InType03",   "InType",
                                         "InType3x",  "InType1000", "Type3"};

    (void)state;
    for (unsigned type = 0; type < 256; type++) {
        assert_icmp_type("IcmpMsg", 4, type);
        assert_icmp_type("Icmp6", 6, type);
    }
    for (size_t i = 0; i < ELEMENTS(others); i++)
        assert_int_not_equal(make("Icmp6", others[i]).shape, SNMP_ICMP_TYPE);
    assert_string_equal(make("IcmpMsg", "InType256").text, "netdrop_icmpmsg_in_type256_total");
    assert_string_equal(make("Icmp", "InType3").text, "netdrop_icmp_in_type3_total");
}

/* The longest names there may be, of as many words as they can have. */
static void test_longest(void **state)
{
    char protocol[SNMP_PROTOCOL_MAX + 1], field[SNMP_FIELD_MAX + 1];

    (void)state;
    memset(protocol, 'P', SNMP_PROTOCOL_MAX);
    protocol[SNMP_PROTOCOL_MAX] = '\0';
    for (size_t i = 0; i < SNMP_FIELD_MAX; i += 2) {
        field[i] = 'a'; /* "a1a1a1" */
        field[i + 1] = '1';
    }
    field[SNMP_FIELD_MAX] = '\0';
    assert_int_equal(strlen(make(protocol, field).text),
                     strlen("netdrop__total") + SNMP_PROTOCOL_MAX + SNMP_FIELD_MAX + SNMP_FIELD_MAX / 2);
    memset(field, 'A', SNMP_FIELD_MAX);
    for (size_t i = 1; i < SNMP_FIELD_MAX; i += 3)
        field[i] = 'b';
    assert_true(strlen(make(protocol, field).text) < SNMP_NAME_MAX);
}

static const char *help(const char *protocol, const char *field)
{
    struct snmp_field names = {{protocol, strlen(protocol)}, {field, strlen(field)}};
    struct snmp_name name = make(protocol, field);

    return snmp_help(&names, &name);
}

static void test_help(void **state)
{
    _cleanup_(fclosep) FILE *file = NULL;
    char path[4096], protocol[64], field[128];
    unsigned lines = 0;

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/../golden/snmp_selection.txt", getenv("FIXTURES"));
    file = fopen(path, "re");
    assert_non_null(file);
    while (fscanf(file, "%*s %63[^_]_%127s %*[^\n]", protocol, field) == 2) {
        assert_string_not_equal(help(protocol, field), SNMP_HELP_UNKNOWN);
        assert_in_range(strlen(help(protocol, field)), 10, 130);
        lines++;
    }
    assert_true(feof(file));
    assert_true(lines > 400);
    assert_string_equal(help("TcpExt", "TCPNotYetThere"), SNMP_HELP_UNKNOWN);
    assert_string_equal(help("Udp", "TCPTimeouts"), SNMP_HELP_UNKNOWN); /* of another protocol */
    assert_string_equal(help("UdpLite6", "NoPorts"), help("Udp", "NoPorts"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),   cmocka_unit_test(test_help),
        cmocka_unit_test(test_words),    cmocka_unit_test(test_total_is_not_doubled),
        cmocka_unit_test(test_versions), cmocka_unit_test(test_icmp_types),
        cmocka_unit_test(test_longest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
