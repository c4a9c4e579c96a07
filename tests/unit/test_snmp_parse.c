/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The counter files, bytes to numbers: blocks, names, values, and every way to be malformed. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "collectors/protocols/snmp_parse.h"
#include "tests/unit/damage.h"

/* What a file comes out as: each block as "head|values;", then the count of lines passed over. */
struct blocks_case {
    enum snmp_format format;
    const char *text;
    const char *blocks;
    unsigned malformed;
    unsigned unfilled; /* of these: names without values */
};

static const struct blocks_case blocks_cases[] = {
    {SNMP_FORMAT_PAIRS, "", "", 0},
    {SNMP_FORMAT_PAIRS, "Ip: A B\nIp: 1 2\n", "Ip: A B| 1 2;", 0},
    {SNMP_FORMAT_PAIRS, "Ip: A\nIp: 1\nTcp: B\nTcp: 2\n", "Ip: A| 1;Tcp: B| 2;", 0},
    {SNMP_FORMAT_PAIRS, "M: A\nM: 1\nM: B\nM: 2\n", "M: A| 1;M: B| 2;", 0}, /* repeated pairs */
    {SNMP_FORMAT_PAIRS, "Ip: A\nIp: 1", "", 1, 0},                          /* cut short */
    {SNMP_FORMAT_PAIRS, "Ip: A\nIp: 1\nTcp: B\nTcp: 2", "Ip: A| 1;", 1, 0},
    {SNMP_FORMAT_PAIRS, "Ip: A\nTcp: B\nTcp: 2\n", "Tcp: B| 2;", 1, 1}, /* a line of values is missing */
    {SNMP_FORMAT_PAIRS, "Ip: 1\nTcp: B\nTcp: 2\n", "Tcp: B| 2;", 1},    /* a line of names is missing */
    {SNMP_FORMAT_PAIRS, "Ip: A\nIpExt: 1\nIpExt: 2\n", "IpExt: 1| 2;", 1, 1},
    {SNMP_FORMAT_PAIRS, "garbage\n\nIp: A\nIp: 1\n", "Ip: A| 1;", 2},
    {SNMP_FORMAT_PAIRS, "Ip: A\n", "", 1, 1},
    {SNMP_FORMAT_PAIRS, "Ip:\n", "", 1, 0}, /* it names none */
    {SNMP_FORMAT_PAIRS, "Ip:\nIp:\n", "Ip:|;", 0},
    {SNMP_FORMAT_LINES, "", "", 0},
    {SNMP_FORMAT_LINES, "Ip6A  \t1\nIp6B\t2\n", "Ip6A|  \t1;Ip6B|\t2;", 0},
    {SNMP_FORMAT_LINES, "Ip6A  \t1\nIp6B\t2", "Ip6A|  \t1;", 1},
    {SNMP_FORMAT_LINES, "\nIp6A\n", "|;Ip6A|;", 0}, /* told by their names and values */
};

static void test_blocks(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(blocks_cases); i++) {
        const struct blocks_case *it = &blocks_cases[i];
        struct snmp_cursor cursor = {it->format, it->text, it->text + strlen(it->text), 0};
        struct snmp_block block;
        char blocks[256] = "";

        while (snmp_next_block(&cursor, &block))
            (void)snprintf(blocks + strlen(blocks), sizeof(blocks) - strlen(blocks), "%.*s|%.*s;",
                           (int)block.head.size, block.head.data, (int)block.values.size, block.values.data);
        assert_string_equal(blocks, it->blocks);
        assert_int_equal(cursor.malformed, it->malformed);
        if (cursor.unfilled != it->unfilled)
            fail_msg("%s: %llu", it->text, (unsigned long long)cursor.unfilled);
    }
}

struct fields_case {
    enum snmp_format format;
    const char *head;
    const char *fields; /* "Proto_Field " for each; NULL: refused */
};

static const struct fields_case fields_cases[] = {
    {SNMP_FORMAT_PAIRS, "Ip: Forwarding DefaultTTL", "Ip_Forwarding Ip_DefaultTTL "},
    {SNMP_FORMAT_PAIRS, "Ip:", ""},
    {SNMP_FORMAT_PAIRS, "Ip:  A \tB ", "Ip_A Ip_B "},
    {SNMP_FORMAT_PAIRS, "Ip", NULL},
    {SNMP_FORMAT_PAIRS, ": A", NULL},
    {SNMP_FORMAT_PAIRS, "I-p: A", NULL},
    {SNMP_FORMAT_PAIRS, "6p: A", NULL},
    {SNMP_FORMAT_PAIRS, "I~: A", NULL},
    {SNMP_FORMAT_PAIRS, "Ip: A\x7f", NULL},
    {SNMP_FORMAT_PAIRS, "Ip: A 7", NULL}, /* a value where a name should be */
    {SNMP_FORMAT_PAIRS, "Ip: A -1", NULL},
    {SNMP_FORMAT_PAIRS, "Ip: A\x01", NULL},
    {SNMP_FORMAT_PAIRS, "Ip: A\xff", NULL},
    {SNMP_FORMAT_LINES, "Ip6InReceives", "Ip6_InReceives "},
    {SNMP_FORMAT_LINES, "UdpLite6NoPorts", "UdpLite6_NoPorts "},
    {SNMP_FORMAT_LINES, "Icmp6OutType135", "Icmp6_OutType135 "},
    {SNMP_FORMAT_LINES, "Ip6In6To4", "Ip6_In6To4 "}, /* the first 6 ends the protocol */
    {SNMP_FORMAT_LINES, "Ip6", NULL},
    {SNMP_FORMAT_LINES, "Ip6lower", NULL},
    {SNMP_FORMAT_LINES, "IpInReceives", NULL},
    {SNMP_FORMAT_LINES, "Ip4In6Receives", NULL},
    {SNMP_FORMAT_LINES, "6InReceives", NULL},
    {SNMP_FORMAT_LINES, "ip6InReceives", NULL},
    {SNMP_FORMAT_LINES, "", NULL},
};

static void test_fields(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(fields_cases); i++) {
        const struct fields_case *it = &fields_cases[i];
        struct snmp_text head = {it->head, strlen(it->head)};
        struct snmp_fields fields;
        struct snmp_field field;
        char text[256] = "";
        int error = snmp_fields_begin(it->format, head, &fields);

        assert_int_equal(error, it->fields ? 0 : -EBADMSG);
        while (error == 0 && snmp_fields_next(&fields, &field))
            (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%.*s_%.*s ",
                           (int)field.protocol.size, field.protocol.data, (int)field.name.size,
                           field.name.data);
        if (error == 0)
            assert_string_equal(text, it->fields);
    }
}

/* Names of the greatest length pass, longer ones don't. */
static void test_name_lengths(void **state)
{
    char head[SNMP_PROTOCOL_MAX + SNMP_FIELD_MAX + 8];
    struct snmp_fields fields;

    (void)state;
    for (int more = 0; more < 3; more++) {
        int size = snprintf(head, sizeof(head), "%0*d: %0*d", SNMP_PROTOCOL_MAX + (more == 1), 0,
                            SNMP_FIELD_MAX + (more == 2), 0);

        for (int i = 0; i < size; i++)
            if (head[i] == '0')
                head[i] = 'A';
        assert_int_equal(
            snmp_fields_begin(SNMP_FORMAT_PAIRS, (struct snmp_text){head, (size_t)size}, &fields),
            more ? -EBADMSG : 0);
    }
}

struct value_case {
    const char *text;
    bool is_signed;
    bool valid;
    uint64_t value;
};

/* Row 22 of docs/faults.md: the largest is exact, what is above is refused, MaxConn -1 is a number. */
static const struct value_case value_cases[] = {
    {" 0", false, true, 0},
    {" 18446744073709551615", false, true, UINT64_MAX},
    {" 18446744073709551616", false, false, 0},
    {" 99999999999999999999", false, false, 0},
    {" 184467440737095516150", false, false, 0},
    {" 9007199254740993", false, true, UINT64_C(9007199254740993)},
    {"  \t 7", false, true, 7},
    {" -1", false, false, 0},
    {" -1", true, true, UINT64_MAX},
    {" 1", true, true, 1},
    {" 9223372036854775807", true, true, INT64_MAX},
    {" 9223372036854775808", true, false, 0},
    {" -9223372036854775808", true, true, UINT64_C(1) << 63},
    {" -9223372036854775809", true, false, 0},
    {" -", true, false, 0},
    {" --1", true, false, 0},
    {" +1", true, false, 0},
    {" ", false, false, 0},
    {" ", true, false, 0},
    {"", false, false, 0},
    {"7", false, false, 0}, /* no blank before it */
    {" x", false, false, 0},
};

static void test_row_22_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(value_cases); i++) {
        const struct value_case *it = &value_cases[i];
        const char *at = it->text;
        const char *end = at + strlen(at);
        uint64_t value = 4711;

        assert_int_equal(snmp_next_value(&at, end, it->is_signed, &value), it->valid);
        assert_true(value == (it->valid ? it->value : 4711));
        assert_ptr_equal(at, it->valid ? end : it->text);
    }
}

/* All of a file: whatever its bytes are, what comes out of it lies in it. */
static void take_file(const struct bytes *bytes, void *context)
{
    struct snmp_cursor cursor = {*(const enum snmp_format *)context, bytes->data, bytes->data + bytes->size,
                                 0};
    struct snmp_block block;

    while (snmp_next_block(&cursor, &block)) {
        const char *at = block.values.data, *end = at + block.values.size;
        struct snmp_fields fields;
        struct snmp_field field;
        uint64_t value;

        assert_true(end < cursor.end && *end == '\n');
        while (snmp_next_value(&at, end, false, &value))
            assert_true(at <= end);
        if (snmp_fields_begin(cursor.format, block.head, &fields) < 0)
            continue;
        while (snmp_fields_next(&fields, &field))
            assert_true(field.name.size > 0 && field.name.data + field.name.size <= end);
    }
    assert_ptr_equal(cursor.at, cursor.end);
    assert_true(cursor.malformed || !bytes->size || cursor.end[-1] == '\n');
}

/* Row 20 of docs/faults.md. */
static void test_row_20_cut_and_damaged(void **state)
{
    static const struct {
        const char *file;
        enum snmp_format format;
    } files[] = {{"snmp", SNMP_FORMAT_PAIRS}, {"netstat", SNMP_FORMAT_PAIRS}, {"snmp6", SNMP_FORMAT_LINES}};

    (void)state;
    for (size_t i = 0; i < ELEMENTS(files) * ELEMENTS(captured_kernels); i++) {
        _cleanup_(bytes_done) struct bytes bytes =
            captured_proc(files[i % ELEMENTS(files)].file, i / ELEMENTS(files));
        enum snmp_format format = files[i % ELEMENTS(files)].format;

        each_prefix(bytes.data, bytes.size, take_file, &format);
        each_damage(bytes.data, 700, take_file, &format); /* many lines of each */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_name_lengths),
        cmocka_unit_test(test_row_22_values),
        cmocka_unit_test(test_row_20_cut_and_damaged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
