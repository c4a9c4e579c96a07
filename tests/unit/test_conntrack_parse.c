/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Statistics of connection tracking: the file as kernels old and new write it, and every way to be something
 * else; ctnetlink's messages as captured, and cut. */

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <string.h>

#include "base/cleanup.h"
#include "collectors/conntrack/conntrack_parse.h"
#include "tests/unit/damage.h"

#define HEADER "entries  insert_failed drop early_drop\n"

static int parse(const char *text, struct conntrack_reading *reading)
{
    return conntrack_parse_proc(text, strlen(text), reading);
}

static void assert_reading(const struct conntrack_reading *reading, enum conntrack_field field,
                           uint32_t value)
{
    assert_true(reading->has[field]);
    assert_int_equal(reading->values[field], value);
}

/* Columns by their names, wherever they stand; what is not named is absent. */
static void test_names(void **state)
{
    struct conntrack_reading reading;

    (void)state;
    assert_int_equal(parse("drop new  entries invalid\n3 9 7 5\n4 9 8 fffffffe\n", &reading), 0);
    assert_reading(&reading, CONNTRACK_ENTRIES, 8); /* no sum: each line has all */
    assert_reading(&reading, CONNTRACK_DROP, 7);
    assert_reading(&reading, CONNTRACK_INVALID, 3); /* modulo 2^32 */
    assert_false(reading.has[CONNTRACK_ENTRIES_LIMIT]);
    assert_false(reading.has[CONNTRACK_EARLY_DROP]);
    assert_false(reading.has[CONNTRACK_CHAIN_TOO_LONG]);
}

/* Linux 2.6 ended its lines with a blank. */
static void test_trailing_blank(void **state)
{
    struct conntrack_reading reading;

    (void)state;
    assert_int_equal(parse(HEADER "00000001  00000002 00000003 00000004 \n", &reading), 0);
    assert_reading(&reading, CONNTRACK_EARLY_DROP, 4);
}

static void test_malformed(void **state)
{
    static const char *const texts[] = {
        "",
        "\n",
        HEADER, /* of no CPU */
        HEADER "1 2 3\n",
        HEADER "1 2 3 4 5\n",
        HEADER "1 2 3 4",
        HEADER "1 2 3 4\n\n",
        HEADER "1 2 3 4\n1 2 3 g\n",
        HEADER "1 2 3 4x\n",
        HEADER "1 2 3 123456789\n",
        HEADER "1 2 3 -1\n",
        "entries  drop drop\n1 2 3\n",
        "entries  found\n1 2\n", /* of something else */
        "drop\n1\n",
        "what is this\n1 2 3\n",
        "entries drop 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33\n",
    };
    struct conntrack_reading reading = {.values = {1}}, untouched = reading;

    (void)state;
    for (size_t i = 0; i < ELEMENTS(texts); i++) {
        if (parse(texts[i], &reading) != -EBADMSG)
            fail_msg("taken: %s", texts[i]);
        assert_memory_equal(&reading, &untouched, sizeof(reading));
    }
}

static void take_text(const struct bytes *bytes, void *context)
{
    const struct conntrack_reading untouched = {.values = {1}};
    struct conntrack_reading reading = untouched;
    int error = conntrack_parse_proc(bytes->data, bytes->size, &reading);

    (void)context;
    if (error == 0)
        assert_int_equal(bytes->data[bytes->size - 1], '\n'); /* whole lines, of some CPUs or of all */
    else
        assert_memory_equal(&reading, &untouched, sizeof(reading));
}

static void test_text_cut_and_damaged(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(captured_kernels); i++) {
        _cleanup_(bytes_done) struct bytes bytes = captured_proc("stat/nf_conntrack", i);

        each_prefix(bytes.data, bytes.size, take_text, NULL);
        each_damage(bytes.data, bytes.size, take_text, NULL);
    }
}

static struct bytes captured_conntrack(const char *name)
{
    char path[64];

    (void)snprintf(path, sizeof(path), "../conntrack/%s", name);
    return captured(path);
}

static int take(const struct nlmsghdr *message, void *data)
{
    return conntrack_take_message(data, message);
}

static const struct netlink_reader reader = {.what = "test", .message = take};

static void test_captured(void **state)
{
    static const char *const names[] = {"counters", "entries"};
    struct conntrack_reading reading = {};

    (void)state;
    for (size_t i = 0; i < ELEMENTS(names); i++) {
        _cleanup_(bytes_done) struct bytes bytes = captured_conntrack(names[i]);
        struct netlink_answer answer = {
            .reader = &reader, .data = &reading, .sequence = CAPTURED_SEQUENCE, .port = CAPTURED_PORT};

        assert_int_equal(netlink_answer_take(&answer, bytes.data, bytes.size), 0);
        assert_true(answer.done);
        assert_int_equal(answer.error, 0);
        assert_int_equal(reading.has[CONNTRACK_ENTRIES], i == 1);
    }
    assert_reading(&reading, CONNTRACK_ENTRIES, 2);
    assert_reading(&reading, CONNTRACK_ENTRIES_LIMIT, 262144);
    assert_reading(&reading, CONNTRACK_DROP, 0);
    assert_reading(&reading, CONNTRACK_EARLY_DROP, 0);
    assert_reading(&reading, CONNTRACK_INSERT_FAILED, 0);
    assert_reading(&reading, CONNTRACK_INVALID, 6);
    assert_reading(&reading, CONNTRACK_ERROR, 2);
    assert_reading(&reading, CONNTRACK_CHAIN_TOO_LONG, 0);
}

/* A message of one CPU whose drop and insert_failed are these. */
static struct nl_msg *counters_message(uint32_t drop, uint32_t insert_failed)
{
    struct nfgenmsg header = {};
    struct nl_msg *message = nlmsg_alloc_simple(NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET_STATS_CPU, 0);

    assert_int_equal(nlmsg_append(message, &header, sizeof(header), NLMSG_ALIGNTO), 0);
    assert_int_equal(nla_put_u32(message, CTA_STATS_DROP, htobe32(drop)), 0);
    assert_int_equal(nla_put_u32(message, CTA_STATS_INSERT_FAILED, htobe32(insert_failed)), 0);
    return message;
}

static void test_sum_of_cpus(void **state)
{
    _cleanup_(nlmsg_freep) struct nl_msg *first = counters_message(0xfffffff0, 1);
    _cleanup_(nlmsg_freep) struct nl_msg *second = counters_message(0x20, 2);
    struct conntrack_reading reading = {};

    (void)state;
    assert_int_equal(conntrack_take_message(&reading, nlmsg_hdr(first)), 0);
    assert_reading(&reading, CONNTRACK_DROP, 0xfffffff0);
    assert_int_equal(conntrack_take_message(&reading, nlmsg_hdr(second)), 0);
    assert_reading(&reading, CONNTRACK_DROP, 0x10);
    assert_reading(&reading, CONNTRACK_INSERT_FAILED, 3);
    assert_false(reading.has[CONNTRACK_CHAIN_TOO_LONG]); /* an older kernel does not tell */
}

static int take_cut(const struct nlmsghdr *message, void *data)
{
    struct conntrack_reading reading = {};
    const uint32_t header = NLMSG_HDRLEN + sizeof(struct nfgenmsg), attribute = 8;

    (void)data;
    assert_int_equal(conntrack_take_message(&reading, message), message->nlmsg_len < header ? -EBADMSG : 0);
    assert_int_equal(reading.has[CONNTRACK_DROP], message->nlmsg_len >= header + attribute);
    assert_int_equal(reading.has[CONNTRACK_INSERT_FAILED], message->nlmsg_len >= header + 2 * attribute);
    return 0;
}

static int take_damaged(const struct nlmsghdr *message, void *data)
{
    struct conntrack_reading reading = {};
    int error = conntrack_take_message(&reading, message);

    (void)data;
    assert_true(error == 0 || error == -EBADMSG);
    return 0;
}

/* Another subsystem's message, and row 12 of docs/faults.md: ones cut or damaged anywhere. */
static void test_row_12_other_cut_and_damaged(void **state)
{
    _cleanup_(nlmsg_freep) struct nl_msg *message = counters_message(1, 2);
    struct message_taker taker = {take_cut, NULL};
    struct conntrack_reading reading = {};

    (void)state;
    each_prefix(nlmsg_hdr(message), nlmsg_hdr(message)->nlmsg_len, take_cut_message, &taker);
    nlmsg_hdr(message)->nlmsg_type = NFNL_SUBSYS_QUEUE << 8 | IPCTNL_MSG_CT_GET_STATS_CPU;
    assert_int_equal(conntrack_take_message(&reading, nlmsg_hdr(message)), 0);
    assert_false(reading.has[CONNTRACK_DROP]);
    damage_captured("../conntrack/counters", (struct message_taker){take_damaged, NULL});
    damage_captured("../conntrack/entries", (struct message_taker){take_damaged, NULL});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_trailing_blank),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_text_cut_and_damaged),
        cmocka_unit_test(test_captured),
        cmocka_unit_test(test_sum_of_cpus),
        cmocka_unit_test(test_row_12_other_cut_and_damaged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
