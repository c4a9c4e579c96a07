/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the bytes of the three files to the page: real field lists, and what must never be on it. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "collectors/snmp/snmp_layout.h"
#include "daemon/encode/encode.h"
#include "tests/unit/unit.h"

DEFINE_CLEANUP(struct snmp_layout *, snmp_layout_free)
DEFINE_CLEANUP(struct snapshot *, snapshot_unref)

static const char *const versions[] = {"4.19", "5.10", "6.1", "6.12", "6.18"};

static char *everything[] = {(char *)(uintptr_t) "*"};
static const struct snmp_selection select_all = {.include = {.items = everything, .count = 1}};

struct page {
    struct buffer text;
    uint64_t series;
    uint64_t malformed;
    uint64_t collisions;
    struct fault fault; /* what was told */
};

static void page_done(struct page *page)
{
    buffer_done(&page->text);
}

static struct snmp_text text_of(const char *text)
{
    return (struct snmp_text){text, strlen(text)};
}

static uint64_t hits(struct limits *limits, enum limit limit)
{
    return atomic_load(&limits->hits[limit]);
}

/* The page that comes of the texts, as a string. */
static struct page make_page(const struct snmp_text texts[SNMP_FILE_COUNT],
                             const struct snmp_selection *selection)
{
    _cleanup_(snmp_layout_freep) struct snmp_layout *layout = NULL;
    _cleanup_(snapshot_unrefp) struct snapshot *draft = snapshot_new();
    struct limits limits = {};
    struct page page = {};

    assert_int_equal(snmp_layout_new(texts, selection, &limits, &layout), 0);
    assert_true(snmp_layout_matches(layout, texts));
    assert_int_equal(snmp_layout_fill(layout, texts, &limits, draft, &page.fault), 0);
    buffer_text(&page.text, "\n");
    encode_snapshot(&page.text, draft, EXPOSITION_TEXT);
    buffer_append(&page.text, "", 1);
    page.series = snapshot_series(draft);
    page.malformed = hits(&limits, LIMIT_PROC_MALFORMED);
    page.collisions = hits(&limits, LIMIT_NAME_COLLISION);
    return page;
}

static struct page page_of(const char *snmp, const char *netstat, const char *snmp6)
{
    const struct snmp_text texts[SNMP_FILE_COUNT] = {text_of(snmp), text_of(netstat), text_of(snmp6)};

    return make_page(texts, &select_all);
}

static bool has(const struct page *page, const char *line)
{
    char whole[512];

    (void)snprintf(whole, sizeof(whole), "\n%s\n", line);
    return strstr(page->text.data, whole);
}

static char *read_file(const char *path)
{
    _cleanup_(fclosep) FILE *file = fopen(path, "re");
    char *text = calloc(1, 65536);

    assert_non_null(file);
    assert_non_null(text);
    assert_true(fread(text, 1, 65535, file) > 0);
    return text;
}

static void read_fixture(const char *version, char *files[SNMP_FILE_COUNT])
{
    static const char *const names[SNMP_FILE_COUNT] = {"snmp", "netstat", "snmp6"};
    char path[4096];

    for (size_t i = 0; i < SNMP_FILE_COUNT; i++) {
        (void)snprintf(path, sizeof(path), "%s/proc/%s/self/net/%s", getenv("FIXTURES"), version, names[i]);
        files[i] = read_file(path);
    }
}

static void free_fixture(char *files[SNMP_FILE_COUNT])
{
    for (size_t i = 0; i < SNMP_FILE_COUNT; i++)
        free(files[i]);
}

/* The golden series of a field, "netdrop_udp_no_ports_total{ip_version=\"6\"}". */
static void golden_series(const char *golden, const char *protocol, const char *field, char *series,
                          size_t size)
{
    char key[160];
    const char *at = NULL;

    (void)snprintf(key, sizeof(key), "\n%s %s\t", protocol, field);
    at = strstr(golden, key);
    if (at)
        at += strlen(key);
    else if (!strncmp(golden, key + 1, strlen(key + 1)))
        at = golden + strlen(key + 1); /* the first line */
    else
        fail_msg("%s %s is not in the golden file", protocol, field);
    (void)snprintf(series, size, "%.*s", (int)strcspn(at, "\n"), at);
}

static void check_field(const struct page *page, const char *golden, const char *names[2], const char *value)
{
    char series[256], line[320];

    golden_series(golden, names[0], names[1], series, sizeof(series));
    (void)snprintf(line, sizeof(line), "%s %s", series, value);
    if (!has(page, line))
        fail_msg("not on the page: %s", line);
}

/* Every field of a file of pairs, read once more by simpler means. */
static unsigned check_pairs(const struct page *page, const char *golden, char *text)
{
    unsigned fields = 0;
    char *lines, *names;

    for (names = strtok_r(text, "\n", &lines); names; names = strtok_r(NULL, "\n", &lines)) {
        char *values = strtok_r(NULL, "\n", &lines);
        char *name_at, *value_at;
        const char *protocol = strtok_r(names, ": ", &name_at);
        const char *name;

        strtok_r(values, " ", &value_at);
        while ((name = strtok_r(NULL, " ", &name_at))) {
            check_field(page, golden, (const char *[]){protocol, name}, strtok_r(NULL, " ", &value_at));
            fields++;
        }
    }
    return fields;
}

static unsigned check_lines(const struct page *page, const char *golden, char *text)
{
    unsigned fields = 0;
    char *lines;

    for (char *line = strtok_r(text, "\n", &lines); line; line = strtok_r(NULL, "\n", &lines)) {
        char protocol[32];
        const char *field = strchr(line, '6') + 1;
        char *blank = line + strcspn(line, " \t");

        *blank = '\0';
        (void)snprintf(protocol, sizeof(protocol), "%.*s", (int)(field - line), line);
        check_field(page, golden, (const char *[]){protocol, field}, blank + 1 + strspn(blank + 1, " \t"));
        fields++;
    }
    return fields;
}

static void test_every_field_of_five_kernels(void **state)
{
    _cleanup_(freep) char *golden = NULL;
    char path[4096];

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/../golden/snmp_names.txt", getenv("FIXTURES"));
    golden = read_file(path);
    for (size_t i = 0; i < ELEMENTS(versions); i++) {
        char *files[SNMP_FILE_COUNT];
        unsigned fields;

        read_fixture(versions[i], files);
        {
            _cleanup_(page_done) struct page page = page_of(files[0], files[1], files[2]);

            fields = check_pairs(&page, golden, files[0]) + check_pairs(&page, golden, files[1]) +
                     check_lines(&page, golden, files[2]);
            assert_true(fields > 300);
            assert_int_equal(page.series, fields);
            assert_int_equal(page.malformed, 0);
            assert_int_equal(page.collisions, 0);
        }
        free_fixture(files);
    }
}

/* Every line of the one page, HELP and TYPE aside, stands in the other too. */
static void assert_samples_within(const struct page *part, const struct page *whole)
{
    _cleanup_(freep) char *copy = strdup(part->text.data);
    char *lines;

    assert_non_null(copy);
    for (char *line = strtok_r(copy, "\n", &lines); line; line = strtok_r(NULL, "\n", &lines))
        if (line[0] != '#' && !has(whole, line))
            fail_msg("invented: %s", line);
}

static void check_cuts(const char *const files[SNMP_FILE_COUNT], size_t which, size_t step)
{
    struct snmp_text texts[SNMP_FILE_COUNT] = {text_of(files[0]), text_of(files[1]), text_of(files[2])};
    _cleanup_(page_done) struct page whole = make_page(texts, &select_all);
    size_t size = texts[which].size;

    for (size_t cut = 0; cut < size; cut += step) {
        texts[which].size = cut;
        {
            _cleanup_(page_done) struct page page = make_page(texts, &select_all);

            assert_samples_within(&page, &whole);
            assert_true(page.series < whole.series);
            assert_true(page.malformed || !cut || files[which][cut - 1] == '\n');
            assert_true(!page.malformed || page.fault.text[0]);
        }
    }
}

static void test_row_20_cut_anywhere(void **state)
{
    static const char *const small[] = {"Ip: A B\nIp: 10 20\nTcp: C MaxConn\nTcp: 30 -1\n",
                                        "TcpExt: D\nTcpExt: 40\nTcpExt: E\nTcpExt: 50\n",
                                        "Ip6A     \t600\nUdp6F\t700\n"};
    char *files[SNMP_FILE_COUNT];

    (void)state;
    read_fixture("6.1", files);
    for (size_t which = 0; which < SNMP_FILE_COUNT; which++) {
        check_cuts(small, which, 1);
        check_cuts((const char *const *)files, which, 101);
    }
    free_fixture(files);
}

static void test_row_20_names_and_values_disagree(void **state)
{
    static const char *const bad[] = {
        "Tcp: A B\nTcp: 1\n",    "Tcp: A B\nTcp: 1 2 3\n",  "Tcp: A B\nTcp: 1 x\n",
        "Tcp: A B\nTcp: 1 -2\n", "Tcp: A B\nTcp: 1 2 3 \n", "Tcp: A 1\nTcp: 1 2\n",
        "Tcp: A B\nTcp: 1  \n",  "Tcp: A B\nTcp: 1 2e3\n",  "Tcp: A B\nTcp: 1 18446744073709551616\n",
        "Tcp: A B\nTcp:\n",      "Tcp: A B\nTcp: 1 0x10\n", "Tcp: A\xff B\nTcp: 1 2\n",
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(bad); i++) {
        char text[256];

        (void)snprintf(text, sizeof(text), "Abc: X\nAbc: 5\n%sXyz: Y\nXyz: 6\n", bad[i]);
        {
            _cleanup_(page_done) struct page page = page_of(text, "", "");

            assert_true(has(&page, "netdrop_abc_x_total 5"));
            assert_true(has(&page, "netdrop_xyz_y_total 6"));
            assert_int_equal(page.series, 2);
            assert_int_equal(page.malformed, 1);
            assert_string_equal(page.fault.text, "without Tcp of snmp: not a number for each name");
        }
    }
}

static void test_blanks_at_the_end_of_a_line(void **state)
{
    static const char *const blanks[] = {" ", "  ", "\t", " \t "};

    (void)state;
    for (size_t i = 0; i < ELEMENTS(blanks) * ELEMENTS(blanks); i++) {
        const char *first = blanks[i / ELEMENTS(blanks)], *second = blanks[i % ELEMENTS(blanks)];
        char netstat[128], snmp6[64];

        (void)snprintf(netstat, sizeof(netstat), "TcpExt: A B%s\nTcpExt: 1 2%s\nIpExt: C\nIpExt: 3\n", first,
                       second);
        (void)snprintf(snmp6, sizeof(snmp6), "Ip6D\t4%s\n", second);
        {
            _cleanup_(page_done) struct page page = page_of("", netstat, snmp6);

            assert_true(has(&page, "netdrop_tcpext_a_total 1"));
            assert_true(has(&page, "netdrop_tcpext_b_total 2"));
            assert_true(has(&page, "netdrop_ipext_c_total 3"));
            assert_true(has(&page, "netdrop_ip_d_total{ip_version=\"6\"} 4"));
            assert_int_equal(page.malformed, 0);
            assert_string_equal(page.fault.text, "");
        }
    }
}

/* As some that stand in for a kernel show them: it is told, and nobody need report it. */
static void test_names_without_numbers(void **state)
{
    _cleanup_(page_done) struct page page =
        page_of("Udp: NoPorts\nUdp: 1\n", "TcpExt: A B\nIpExt: C\nIpExt: 3\nMPTcpExt: D\n", "");

    (void)state;
    assert_true(has(&page, "netdrop_udp_no_ports_total{ip_version=\"4\"} 1"));
    assert_true(has(&page, "netdrop_ipext_c_total 3"));
    assert_int_equal(page.series, 2);
    assert_int_equal(page.malformed, 0);
    assert_string_equal(page.fault.text, "without numbers of netstat, which has only their names");
}

static void test_file_and_protocol_are_told(void **state)
{
    _cleanup_(page_done) struct page page = page_of(
        "garbage\nUdp: A\nUdp: 1\n", "TcpExt: A\nTcpExt: x\nIpExt: C\nIpExt: 3 4\n", "Ip6A\tx\nIp6B\t5\n");

    (void)state;
    assert_int_equal(page.series, 2);
    assert_int_equal(page.malformed, 4);
    assert_string_equal(page.fault.text, "without TcpExt of netstat: not a number for each name; "
                                         "without IpExt of netstat: not a number for each name; "
                                         "without Ip6A of snmp6: not a number for each name; "
                                         "without 1 lines of snmp that make no sense");
}

static void test_row_20_bad_lines_of_snmp6(void **state)
{
    _cleanup_(page_done) struct page page =
        page_of("", "", "Ip6A\t1\nnonsense\t2\nIp6B\tx\nIp6C\t-3\n\nIp6D\nIp6E\t5 6\nIp6F\t7\n");

    (void)state;
    assert_true(has(&page, "netdrop_ip_a_total{ip_version=\"6\"} 1"));
    assert_true(has(&page, "netdrop_ip_f_total{ip_version=\"6\"} 7"));
    assert_int_equal(page.series, 2);
    assert_int_equal(page.malformed, 6);
}

static void test_row_21_new_columns_and_protocols(void **state)
{
    _cleanup_(page_done) struct page page = page_of(
        "Tcp: RetransSegs BrandNewDrops\nTcp: 1 2\nQuic: TooLate\nQuic: 3\n", "", "Quic6TooLate\t4\n");

    (void)state;
    assert_true(has(&page, "netdrop_tcp_retrans_segs_total 1"));
    assert_true(has(&page, "netdrop_tcp_brand_new_drops_total 2"));
    assert_true(has(&page, "netdrop_quic_too_late_total 3"));
    assert_true(has(&page, "netdrop_quic6_too_late_total 4"));
    assert_non_null(strstr(page.text.data, "(Tcp BrandNewDrops)"));
}

static void test_row_22_extremes(void **state)
{
    _cleanup_(page_done) struct page page =
        page_of("Tcp: MaxConn OutSegs\nTcp: -1 18446744073709551615\n", "", "");

    (void)state;
    assert_true(has(&page, "netdrop_tcp_max_conn -1"));
    assert_true(has(&page, "# TYPE netdrop_tcp_max_conn gauge"));
    assert_true(has(&page, "netdrop_tcp_out_segs_total 18446744073709551615"));
}

/* A number that is not asked for is still read: MaxConn's sign must not cost the others. */
static void test_selection(void **state)
{
    char *include[] = {(char *)(uintptr_t) "Tcp_*Segs", (char *)(uintptr_t) "Udp6_NoPorts"};
    char *exclude[] = {(char *)(uintptr_t) "*InSegs"};
    const struct snmp_selection selection = {{.items = include, .count = 2}, {.items = exclude, .count = 1}};
    const struct snmp_text texts[] = {
        text_of("Tcp: MaxConn InSegs OutSegs\nTcp: -1 2 3\nUdp: NoPorts\nUdp: 4\n"),
        text_of(""),
        text_of("Udp6NoPorts\t5\n"),
    };
    _cleanup_(page_done) struct page page = make_page(texts, &selection);

    (void)state;
    assert_int_equal(page.series, 2);
    assert_true(has(&page, "netdrop_tcp_out_segs_total 3"));
    assert_true(has(&page, "netdrop_udp_no_ports_total{ip_version=\"6\"} 5"));
    assert_null(strstr(page.text.data, "max_conn"));
}

static void test_nothing_selected(void **state)
{
    static const struct snmp_selection none = {{0}, {0}};
    const struct snmp_text texts[] = {text_of("Tcp: A\nTcp: 1\n"), text_of(""), text_of("")};
    _cleanup_(page_done) struct page page = make_page(texts, &none);

    (void)state;
    assert_int_equal(page.series, 0);
    assert_string_equal(page.text.data, "\n");
}

static void test_both_versions_share_a_family(void **state)
{
    _cleanup_(page_done) struct page page =
        page_of("Udp: NoPorts OnlyFour\nUdp: 1 2\n", "", "Udp6NoPorts\t3\nUdp6OnlySix\t4\n");

    (void)state;
    assert_non_null(strstr(page.text.data, "(Udp NoPorts, Udp6 NoPorts).\n"
                                           "# TYPE netdrop_udp_no_ports_total counter\n"
                                           "netdrop_udp_no_ports_total{ip_version=\"4\"} 1\n"
                                           "netdrop_udp_no_ports_total{ip_version=\"6\"} 3\n"));
    assert_true(has(&page, "netdrop_udp_only_four_total{ip_version=\"4\"} 2"));
    assert_true(has(&page, "netdrop_udp_only_six_total{ip_version=\"6\"} 4"));
    assert_int_equal(page.series, 4);
}

static void test_icmp_types(void **state)
{
    _cleanup_(page_done) struct page page =
        page_of("IcmpMsg: InType3 OutType0\nIcmpMsg: 1 2\nIcmpMsg: InType8\nIcmpMsg: 3\n", "",
                "Icmp6InType3\t4\nIcmp6OutType255\t5\n");

    (void)state;
    assert_true(has(&page, "netdrop_icmp_in_type_total{type=\"3\",ip_version=\"4\"} 1"));
    assert_true(has(&page, "netdrop_icmp_out_type_total{type=\"0\",ip_version=\"4\"} 2"));
    assert_true(has(&page, "netdrop_icmp_in_type_total{type=\"8\",ip_version=\"4\"} 3"));
    assert_true(has(&page, "netdrop_icmp_in_type_total{type=\"3\",ip_version=\"6\"} 4"));
    assert_true(has(&page, "netdrop_icmp_out_type_total{type=\"255\",ip_version=\"6\"} 5"));
    assert_non_null(strstr(page.text.data, "(IcmpMsg InTypeN, Icmp6 InTypeN)"));
    assert_int_equal(page.series, 5);
}

struct collision_case {
    const char *snmp;
    const char *snmp6;
    const char *kept;
};

/* The first keeps the name, the later one is left out. */
static const struct collision_case collision_cases[] = {
    {"Tcp: A A\nTcp: 1 2\n", "", "netdrop_tcp_a_total 1"},
    {"Tcp: A\nTcp: 1\nTcp: A\nTcp: 2\n", "", "netdrop_tcp_a_total 1"},
    {"Tcp: FooBar Foo_Bar\nTcp: 1 2\n", "", "netdrop_tcp_foo_bar_total 1"},
    {"Tcp: A\nTcp: 1\nTCP: A\nTCP: 2\n", "", "netdrop_tcp_a_total 1"},
    {"Tcp: CurrEstab Curr_Estab\nTcp: 1 2\n", "", "netdrop_tcp_curr_estab 1"}, /* one stem, two types */
    {"Udp: A A\nUdp: 1 2\n", "", "netdrop_udp_a_total{ip_version=\"4\"} 1"},
    {"", "Udp6A\t1\nUdp6A\t2\n", "netdrop_udp_a_total{ip_version=\"6\"} 1"},
    {"", "Icmp6InType3\t1\nIcmp6InType3\t2\n", "netdrop_icmp_in_type_total{type=\"3\",ip_version=\"6\"} 1"},
    {"Icmp: InType\nIcmp: 1\nIcmpMsg: InType3\nIcmpMsg: 2\n", "",
     "netdrop_icmp_in_type_total{ip_version=\"4\"} 1"},
};

static void test_collisions(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(collision_cases); i++) {
        const struct collision_case *it = &collision_cases[i];
        _cleanup_(page_done) struct page page = page_of(it->snmp, "", it->snmp6);

        assert_true(has(&page, it->kept));
        assert_int_equal(page.series, 1);
        assert_int_equal(page.collisions, 1);
        assert_int_equal(page.malformed, 0);
    }
}

struct match_case {
    const char *snmp, *netstat, *snmp6;
    bool same;
};

static const struct match_case match_cases[] = {
    {"Ip: A B\nIp: 9 18446744073709551615\n", "TcpExt: C\nTcpExt: 0\n", "Ip6D   \t123\n", true},
    {"Ip: A B\nIp: bad\n", "TcpExt: C\nTcpExt: 3\n", "Ip6D\t4\n", true}, /* the values don't matter */
    {"junk\nIp: A B\nIp: 1 2\n", "TcpExt: C\nTcpExt: 3\n", "Ip6D\t4\n", true},
    {"Ip: A B E\nIp: 1 2 3\n", "TcpExt: C\nTcpExt: 3\n", "Ip6D\t4\n", false},
    {"Ip: B A\nIp: 1 2\n", "TcpExt: C\nTcpExt: 3\n", "Ip6D\t4\n", false},
    {"", "TcpExt: C\nTcpExt: 3\n", "Ip6D\t4\n", false},
    {"Ip: A B\nIp: 1 2\n", "TcpExt: C\nTcpExt: 3\n", "", false},
    {"Ip: A B\nIp: 1 2\n", "TcpExt: C\nTcpExt: 3\n", "Ip6D\t4\nIp6E\t5\n", false},
    {"Ip: A B\nIp: 1 2\nTcpExt: C\nTcpExt: 3\n", "", "Ip6D\t4\n", false}, /* the same, elsewhere */
    {"", "", "", false},
};

static void test_matches(void **state)
{
    _cleanup_(snmp_layout_freep) struct snmp_layout *layout = NULL;
    const struct snmp_text first[] = {text_of("Ip: A B\nIp: 1 2\n"), text_of("TcpExt: C\nTcpExt: 3\n"),
                                      text_of("Ip6D\t4\n")};
    struct limits limits = {};

    (void)state;
    assert_int_equal(snmp_layout_new(first, &select_all, &limits, &layout), 0);
    assert_int_equal(snmp_layout_blocks(layout), 3);
    for (size_t i = 0; i < ELEMENTS(match_cases); i++) {
        const struct snmp_text texts[] = {text_of(match_cases[i].snmp), text_of(match_cases[i].netstat),
                                          text_of(match_cases[i].snmp6)};

        assert_int_equal(snmp_layout_matches(layout, texts), match_cases[i].same);
    }
}

static void test_too_many_fields(void **state)
{
    _cleanup_(freep) char *text = malloc((size_t)SNMP_FIELDS_MAX * 4 + 64);
    struct snmp_layout *layout = NULL;
    struct limits limits = {};
    struct snmp_text texts[] = {text_of(""), text_of(""), text_of("")};
    char *at = text;

    (void)state;
    assert_non_null(text);
    at = stpcpy(at, "Xyz:");
    for (unsigned i = 0; i < SNMP_FIELDS_MAX; i++)
        at = stpcpy(at, " A");
    (void)stpcpy(at, "\nXyz: 1\nAbc: B\nAbc: 1\n");
    texts[0] = text_of(text);
    assert_int_equal(snmp_layout_new(texts, &select_all, &limits, &layout), -EFBIG);
    assert_null(layout);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_field_of_five_kernels),
        cmocka_unit_test(test_row_20_cut_anywhere),
        cmocka_unit_test(test_row_20_names_and_values_disagree),
        cmocka_unit_test(test_blanks_at_the_end_of_a_line),
        cmocka_unit_test(test_names_without_numbers),
        cmocka_unit_test(test_file_and_protocol_are_told),
        cmocka_unit_test(test_row_20_bad_lines_of_snmp6),
        cmocka_unit_test(test_row_21_new_columns_and_protocols),
        cmocka_unit_test(test_row_22_extremes),
        cmocka_unit_test(test_selection),
        cmocka_unit_test(test_nothing_selected),
        cmocka_unit_test(test_both_versions_share_a_family),
        cmocka_unit_test(test_icmp_types),
        cmocka_unit_test(test_collisions),
        cmocka_unit_test(test_matches),
        cmocka_unit_test(test_too_many_fields),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
