/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of another network namespace: as kernels write them, every way to be something else, and heads that
 * change between two namespaces. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "collectors/netns/namespace_parse.h"
#include "tests/unit/unit.h"

#define DEV_HEAD                                                                                             \
    "Inter-|   Receive                                                |  Transmit\n"                         \
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo "     \
    "colls carrier compressed\n"
#define NETLINK_HEAD                                                                                         \
    "sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n"

static bool out_of_memory;

void *__wrap_malloc(size_t size);
void *__real_malloc(size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);
void *__real_reallocarray(void *old, size_t count, size_t size);

void *__wrap_malloc(size_t size)
{
    return out_of_memory ? NULL : __real_malloc(size);
}

void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
    return out_of_memory ? NULL : __real_reallocarray(old, count, size);
}

struct lab {
    struct namespace_heads heads;
    struct namespace_reading reading;
};

static int setup(void **state)
{
    *state = calloc(1, sizeof(struct lab));
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    struct lab *lab = *state;

    namespace_heads_done(&lab->heads);
    namespace_reading_done(&lab->reading);
    free(lab);
    return 0;
}

static struct snmp_text text_of(const char *text)
{
    return (struct snmp_text){text, strlen(text)};
}

static size_t number_of(const char *protocol, const char *field)
{
    for (size_t i = 0; i < NAMESPACE_PROTOCOL_COUNTERS; i++)
        if (!strcmp(namespace_counters[i].protocol, protocol) && !strcmp(namespace_counters[i].field, field))
            return i;
    fail_msg("no counter %s %s", protocol, field);
    return 0;
}

static void check(const struct lab *lab, const char *protocol, const char *field, uint64_t value)
{
    size_t number = number_of(protocol, field);

    assert_true(lab->reading.present[number]);
    assert_true(lab->reading.values[number] == value);
}

static void parse_pairs(struct lab *lab, enum namespace_file file, const char *text)
{
    assert_int_equal(namespace_parse_pairs(&lab->heads, file, text_of(text), &lab->reading), 0);
}

static char *fixture(const char *version, const char *name)
{
    char path[4096], *text = calloc(1, 1 << 17);
    _cleanup_(fclosep) FILE *file = NULL;

    (void)snprintf(path, sizeof(path), "%s/proc/%s/self/net/%s", getenv("FIXTURES"), version, name);
    file = fopen(path, "re");
    assert_non_null(file);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 17) - 1, file) > 0);
    return text;
}

/* Every counter is in the files of every kernel from 5.11 on, with the number that stands there. */
static void test_kernels(void **state)
{
    static const char *const versions[] = {"6.1", "6.12", "6.18"};
    struct lab *lab = *state;

    for (size_t i = 0; i < ELEMENTS(versions); i++) {
        _cleanup_(freep) char *snmp = fixture(versions[i], "snmp");
        _cleanup_(freep) char *netstat = fixture(versions[i], "netstat");
        _cleanup_(freep) char *snmp6 = fixture(versions[i], "snmp6");
        const char *line = strstr(snmp6, "Ip6OutNoRoutes");

        namespace_reading_clear(&lab->reading);
        parse_pairs(lab, NAMESPACE_SNMP, snmp);
        parse_pairs(lab, NAMESPACE_NETSTAT, netstat);
        namespace_parse_lines(text_of(snmp6), &lab->reading);
        assert_int_equal(lab->reading.malformed, 0);
        for (size_t k = 0; k < NAMESPACE_PROTOCOL_COUNTERS; k++)
            if (!lab->reading.present[k])
                fail_msg("%s has no %s %s", versions[i], namespace_counters[k].protocol,
                         namespace_counters[k].field);
        assert_non_null(line);
        check(lab, "Ip6", "OutNoRoutes", strtoull(line + strlen("Ip6OutNoRoutes"), NULL, 10));
    }
}

static void test_pairs(void **state)
{
    struct lab *lab = *state;

    parse_pairs(lab, NAMESPACE_SNMP,
                "Ip: Forwarding InDiscards Unheard\nIp: 1 18446744073709551615 3\n"
                "Tcp: MaxConn RetransSegs\nTcp: -1 5\n"
                "IcmpMsg: InType3\nIcmpMsg: 4\n");
    check(lab, "Ip", "InDiscards", UINT64_MAX);
    check(lab, "Tcp", "RetransSegs", 5);
    assert_int_equal(lab->heads.count, 2); /* IcmpMsg is not looked at */
    assert_int_equal(lab->reading.malformed, 0);
    assert_false(lab->reading.present[number_of("Ip", "OutDiscards")]);

    /* The same protocol with other fields, and the first again. */
    parse_pairs(lab, NAMESPACE_SNMP, "Ip: InDiscards OutDiscards\nIp: 6 7\n");
    check(lab, "Ip", "InDiscards", 6);
    check(lab, "Ip", "OutDiscards", 7);
    parse_pairs(lab, NAMESPACE_SNMP, "Ip: Forwarding InDiscards Unheard\nIp: 1 8 3\n");
    check(lab, "Ip", "InDiscards", 8);
    assert_int_equal(lab->heads.count, 3);
}

/* A file has its own protocols: Ip of netstat is none of ours. */
static void test_files_apart(void **state)
{
    struct lab *lab = *state;

    parse_pairs(lab, NAMESPACE_NETSTAT, "Ip: InDiscards\nIp: 9\nTcpExt: ListenDrops\nTcpExt: 1\n");
    assert_false(lab->reading.present[number_of("Ip", "InDiscards")]);
    check(lab, "TcpExt", "ListenDrops", 1);
}

static void test_malformed_pairs(void **state)
{
    static const char *const texts[] = {
        "Ip: InDiscards OutDiscards\nIp: 1\n",
        "Ip: InDiscards\nIp: x\n",
        "Ip: InDiscards\nIp: -1\n",
        "Ip: InDiscards\nIp: 18446744073709551616\n",
        "Ip: InDiscards \1\nIp: 1 2\n",
        "Ip: InDiscards\n",
        "Ip: InDiscards\nIp: 1",
        "Ip: Forwarding InDiscards\nIp: 1-2 3\n",
    };
    struct lab *lab = *state;

    for (size_t i = 0; i < ELEMENTS(texts); i++) {
        namespace_reading_clear(&lab->reading);
        parse_pairs(lab, NAMESPACE_SNMP, texts[i]);
        if (lab->reading.malformed != 1 || lab->reading.present[number_of("Ip", "InDiscards")])
            fail_msg("taken: %s", texts[i]);
    }
}

/* More heads than there is room for, and more fields than are looked at. */
static void test_bounds(void **state)
{
    struct lab *lab = *state;
    char text[16 * 1024];
    size_t used;

    for (int i = 0; i < 3 * NAMESPACE_HEADS_MAX; i++) {
        (void)snprintf(text, sizeof(text), "Ip: InDiscards Unheard%d\nIp: %d 0\n", i, i);
        parse_pairs(lab, NAMESPACE_SNMP, text);
        check(lab, "Ip", "InDiscards", (uint64_t)i);
        assert_true(lab->heads.count <= NAMESPACE_HEADS_MAX);
    }
    namespace_reading_clear(&lab->reading);
    used = (size_t)sprintf(text, "Ip:");
    for (int i = 0; i < NAMESPACE_FIELDS_MAX; i++)
        used += (size_t)sprintf(text + used, " F%d", i);
    used += (size_t)sprintf(text + used, " InDiscards\nIp:");
    for (int i = 0; i <= NAMESPACE_FIELDS_MAX; i++)
        used += (size_t)sprintf(text + used, " %d", i);
    (void)sprintf(text + used, "\n");
    parse_pairs(lab, NAMESPACE_SNMP, text);
    assert_false(lab->reading.present[number_of("Ip", "InDiscards")]);
}

static void test_lines(void **state)
{
    struct lab *lab = *state;

    namespace_parse_lines(text_of("Ip6InReceives                   \t1\n"
                                  "Ip6InDiscards                   \t2\n"
                                  "Udp6RcvbufErrors\t18446744073709551615\n"
                                  "UdpLite6RcvbufErrors\t7\n"
                                  "Ip6OutDiscards \tx\n"
                                  "no name at all\n"
                                  "Udp6NoPorts\t3"),
                          &lab->reading);
    check(lab, "Ip6", "InDiscards", 2);
    check(lab, "Udp6", "RcvbufErrors", UINT64_MAX);
    assert_false(lab->reading.present[number_of("Ip6", "OutDiscards")]);
    assert_false(lab->reading.present[number_of("Udp6", "NoPorts")]);
    assert_int_equal(lab->reading.malformed, 2);
}

static void test_devices(void **state)
{
    static const uint64_t expected[NAMESPACE_DEVICE_COUNTERS] = {3, 4, 5, 6, 11, 12, 13, 15};
    struct lab *lab = *state;

    assert_int_equal(
        namespace_parse_devices(text_of(DEV_HEAD "    lo: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"
                                                 "fifteen-letters:0 0 0 0 0 0 0 0 0 0 0 0 0 0 "
                                                 "18446744073709551615 0\n"),
                                &lab->reading),
        0);
    assert_int_equal(lab->reading.device_count, 2);
    assert_string_equal(lab->reading.devices[0].name, "lo");
    assert_memory_equal(lab->reading.devices[0].values, expected, sizeof(expected));
    assert_string_equal(lab->reading.devices[1].name, "fifteen-letters");
    assert_true(lab->reading.devices[1].values[7] == UINT64_MAX);
    assert_int_equal(lab->reading.malformed, 0);
}

static void test_malformed_devices(void **state)
{
    static const char *const lines[] = {
        "lo 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n",
        ": 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n",
        "sixteen-letters-: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n",
        "lo: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15\n",
        "lo: 1 2 -3 4 5 6 7 8 9 10 11 12 13 14 15 16\n",
        "lo: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 18446744073709551616\n",
    };
    struct lab *lab = *state;

    for (size_t i = 0; i < ELEMENTS(lines); i++) {
        char text[512];

        namespace_reading_clear(&lab->reading);
        (void)snprintf(text, sizeof(text), DEV_HEAD "%s", lines[i]);
        assert_int_equal(namespace_parse_devices(text_of(text), &lab->reading), 0);
        if (lab->reading.malformed != 1 || lab->reading.device_count != 0)
            fail_msg("taken: %s", lines[i]);
    }
}

static void test_many_devices(void **state)
{
    struct lab *lab = *state;
    _cleanup_(freep) char *text = malloc((NAMESPACE_DEVICES_MAX + 4) * 64);
    char *at;

    assert_non_null(text);
    at = stpcpy(text, DEV_HEAD);
    for (int i = 0; i < NAMESPACE_DEVICES_MAX; i++)
        at += sprintf(at, "d%d: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n", i);
    assert_int_equal(namespace_parse_devices(text_of(text), &lab->reading), 0);
    (void)strcpy(at, "lo: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n");
    namespace_reading_clear(&lab->reading);
    assert_int_equal(namespace_parse_devices(text_of(text), &lab->reading), -ENOSPC);
    assert_int_equal(lab->reading.device_count, NAMESPACE_DEVICES_MAX);
}

static void test_mark(void **state)
{
    static const char others[] = NETLINK_HEAD
        "0000000059bda132 0   812        00000011 0        0        0     2        0        77\n"
        "00000000dead0000 4   0          00000000 0        0        0     2        0        78\n";
    char text[1024];

    (void)state;
    assert_true(namespace_parse_mark(text_of(others)) == 0);
    (void)snprintf(text, sizeof(text),
                   "%s0000000048222d10 0   0          00000000 0        0        0     2        0        "
                   "10128635\n",
                   others);
    assert_true(namespace_parse_mark(text_of(text)) == 10128635);
    assert_true(namespace_parse_mark((struct snmp_text){text, strlen(text) - 1}) == 0);
    assert_true(namespace_parse_mark(text_of(NETLINK_HEAD "0 0 0 0 0 0 0 0 0\n")) == 0);
    assert_true(namespace_parse_mark(text_of(NETLINK_HEAD "0\n0 0 0\n0 0 0 00000000\n")) == 0);
    assert_true(namespace_parse_mark(text_of("")) == 0);
}

/* Nothing of what could not be kept is known; with memory all is. */
static void test_out_of_memory(void **state)
{
    static const char text[] = "Ip: InDiscards\nIp: 1\n";
    struct lab *lab = *state;

    out_of_memory = true;
    assert_int_equal(namespace_parse_pairs(&lab->heads, NAMESPACE_SNMP, text_of(text), &lab->reading),
                     -ENOMEM);
    assert_int_equal(namespace_parse_devices(text_of(DEV_HEAD "lo: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"),
                                             &lab->reading),
                     -ENOMEM);
    out_of_memory = false;
    assert_int_equal(lab->heads.count, 0);
    assert_false(lab->reading.present[number_of("Ip", "InDiscards")]);
    parse_pairs(lab, NAMESPACE_SNMP, text);
    check(lab, "Ip", "InDiscards", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_kernels, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pairs, setup, teardown),
        cmocka_unit_test_setup_teardown(test_files_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(test_malformed_pairs, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bounds, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lines, setup, teardown),
        cmocka_unit_test_setup_teardown(test_devices, setup, teardown),
        cmocka_unit_test_setup_teardown(test_malformed_devices, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_devices, setup, teardown),
        cmocka_unit_test(test_mark),
        cmocka_unit_test_setup_teardown(test_out_of_memory, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
