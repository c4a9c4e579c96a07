/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Queueing disciplines out of captured and made bytes. */

#include "collectors/qdisc/qdisc_parse.h"

#include <errno.h>
#include <linux/gen_stats.h>
#include <linux/pkt_sched.h>
#include <string.h>

#include "tests/unit/damage.h"

enum { ALL = (1 << QDISC_LIMIT) - 1, WITH_LIMIT = ALL | 1 << QDISC_LIMIT };

struct found {
    struct qdisc items[16];
    size_t count;
    size_t passed_over; /* messages without a qdisc for us */
};

static int take(const struct nlmsghdr *message, void *data)
{
    struct found *found = data;
    struct qdisc *qdisc = &found->items[found->count];
    int error = qdisc_parse(message, qdisc);

    assert_true(error == 0 || error == -ENODATA);
    if (error == 0)
        found->count++;
    else
        found->passed_over++;
    return 0;
}

static void test_captured(void **state)
{
    static const struct {
        int ifindex;
        const char *kind, *handle, *parent;
        bool root;
        uint64_t values[QDISC_VALUE_COUNT];
    } expected[] = {
        {41, "clsact", "ffff:", "ffff:fff1", true, {}},
        {40, "tbf", "1:", "", true, {2, 2000, 38, 48, 0, 10000, 10}},
        {40, "pfifo", "2:", "1:1", false, {2, 2000, 38, 0, 0, 10000, 10, 10}},
        {42, "mq", "8001:", "", true, {}},
        {42, "pfifo_fast", "0:", "8001:2", false, {}},
        {42, "pfifo_fast", "0:", "8001:1", false, {}},
    };
    struct bytes bytes = captured("getqdisc");
    struct found found = {};
    char text[QDISC_HANDLE_SIZE];

    (void)state;
    assert_int_equal(netlink_walk(bytes.data, bytes.size, take, &found), 0);
    bytes_done(&bytes);
    assert_int_equal(found.count, ELEMENTS(expected));
    assert_int_equal(found.passed_over, 2 + 1); /* noqueue of lo and w1, and the end of the dump */
    for (size_t i = 0; i < ELEMENTS(expected); i++) {
        const struct qdisc *qdisc = &found.items[i];

        assert_int_equal(qdisc->ifindex, expected[i].ifindex);
        assert_string_equal(qdisc->kind, expected[i].kind);
        qdisc_format_handle(qdisc->handle, text);
        assert_string_equal(text, expected[i].handle);
        qdisc_format_parent(qdisc->parent, text);
        assert_string_equal(text, expected[i].parent);
        assert_int_equal(qdisc_is_root(qdisc), expected[i].root);
        assert_int_equal(qdisc->present, strcmp(qdisc->kind, "pfifo") == 0 ? WITH_LIMIT : ALL);
        assert_memory_equal(qdisc->values, expected[i].values, sizeof(expected[i].values));
        for (size_t other = 0; other < found.count; other++)
            assert_int_equal(qdisc_same(qdisc, &found.items[other]), other == i);
    }
}

static void test_parents_as_tc_prints_them(void **state)
{
    static const struct {
        uint32_t parent;
        const char *text;
    } cases[] = {
        {TC_H_ROOT, ""},        {TC_H_INGRESS, "ffff:fff1"}, {0x00010000, "1:"}, {0x0001000a, "1:a"},
        {0x80010001, "8001:1"}, {0x00000002, ":2"},          {0, ":0"},          {0xfffefffe, "fffe:fffe"},
    };
    char text[QDISC_HANDLE_SIZE];

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        qdisc_format_parent(cases[i].parent, text);
        assert_string_equal(text, cases[i].text);
    }
}

static struct nl_msg *newqdisc(int ifindex, const char *kind)
{
    struct tcmsg header = {.tcm_ifindex = ifindex, .tcm_handle = 0x10000, .tcm_parent = TC_H_ROOT};
    struct nl_msg *message = nlmsg_alloc_simple(RTM_NEWQDISC, 0);

    assert_int_equal(nlmsg_append(message, &header, sizeof(header), NLMSG_ALIGNTO), 0);
    if (kind)
        assert_int_equal(nla_put_string(message, TCA_KIND, kind), 0);
    return message;
}

/* What there are 64 bits for is exact; what has 32 is as the kernel says it; what is cut is none. */
static void test_widths(void **state)
{
    const struct gnet_stats_basic basic = {.bytes = UINT64_MAX, .packets = UINT32_MAX};
    const struct gnet_stats_queue queue = {UINT32_MAX, UINT32_MAX - 1, UINT32_MAX - 2, 0, UINT32_MAX};
    const uint64_t packets = UINT64_C(1) << 40;
    struct nl_msg *message = newqdisc(7, "fq_codel");
    struct nlattr *statistics = nla_nest_start(message, TCA_STATS2);
    struct qdisc qdisc;

    (void)state;
    assert_int_equal(nla_put(message, TCA_STATS_BASIC, 12, &basic), 0);
    assert_int_equal(nla_put_u64(message, TCA_STATS_PKT64, packets), 0);
    assert_int_equal(nla_put(message, TCA_STATS_QUEUE, sizeof(queue), &queue), 0);
    nla_nest_end(message, statistics);
    assert_int_equal(qdisc_parse(nlmsg_hdr(message), &qdisc), 0);
    assert_int_equal(qdisc.present, ALL);
    assert_true(qdisc.values[QDISC_BYTES] == UINT64_MAX);
    assert_true(qdisc.values[QDISC_PACKETS] == packets);
    assert_true(qdisc.values[QDISC_BACKLOG_PACKETS] == UINT32_MAX);
    assert_true(qdisc.values[QDISC_BACKLOG_BYTES] == UINT32_MAX - 1);
    assert_true(qdisc.values[QDISC_DROPS] == UINT32_MAX - 2);
    assert_true(qdisc.values[QDISC_OVERLIMITS] == UINT32_MAX);
    nlmsg_free(message);

    message = newqdisc(7, "old"); /* before Linux 5.5, and one that does not say how long its queue is */
    statistics = nla_nest_start(message, TCA_STATS2);
    assert_int_equal(nla_put(message, TCA_STATS_BASIC, 12, &basic), 0);
    assert_int_equal(nla_put_u32(message, TCA_STATS_PKT64, 1), 0);
    nla_nest_end(message, statistics);
    assert_int_equal(qdisc_parse(nlmsg_hdr(message), &qdisc), 0);
    assert_int_equal(qdisc.present, 1 << QDISC_BYTES | 1 << QDISC_PACKETS);
    assert_true(qdisc.values[QDISC_PACKETS] == UINT32_MAX);
    nlmsg_free(message);

    message = newqdisc(7, "new"); /* half a struct */
    statistics = nla_nest_start(message, TCA_STATS2);
    assert_int_equal(nla_put(message, TCA_STATS_BASIC, 8, &basic), 0);
    assert_int_equal(nla_put(message, TCA_STATS_QUEUE, 16, &queue), 0);
    nla_nest_end(message, statistics);
    assert_int_equal(qdisc_parse(nlmsg_hdr(message), &qdisc), 0);
    assert_int_equal(qdisc.present, 0);
    nlmsg_free(message);

    message = newqdisc(7, "silent");
    statistics = nla_nest_start(message, TCA_STATS2);
    nla_nest_end(message, statistics);
    assert_int_equal(qdisc_parse(nlmsg_hdr(message), &qdisc), 0);
    assert_int_equal(qdisc.present, 0);
    nlmsg_free(message);
}

/* A number of a kind that has it alone; of others, or cut, it is none. */
static void test_limits(void **state)
{
    static const struct {
        const char *kind;
        int attribute; /* 0: a struct that begins with it */
        bool known;
    } cases[] = {
        {"pfifo", 0, true},
        {"bfifo", 0, true},
        {"pfifo_head_drop", 0, true},
        {"codel", TCA_CODEL_LIMIT, true},
        {"fq_codel", TCA_FQ_CODEL_LIMIT, true},
        {"fq_codel", TCA_FQ_CODEL_TARGET, false},
        {"pfifo_fast", 0, false},
        {"netem", 0, false},
        {"tbf", TCA_TBF_PARMS, false},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++)
        for (int size = 0; size <= 4; size += 2) {
            const uint32_t limit = 1000 + (uint32_t)i;
            struct nl_msg *message = newqdisc(7, cases[i].kind);
            struct nlattr *options = NULL;
            struct qdisc qdisc;

            if (cases[i].attribute)
                options = nla_nest_start(message, TCA_OPTIONS);
            assert_int_equal(
                nla_put(message, cases[i].attribute ? cases[i].attribute : TCA_OPTIONS, size, &limit), 0);
            if (options)
                nla_nest_end(message, options);
            assert_int_equal(qdisc_parse(nlmsg_hdr(message), &qdisc), 0);
            assert_int_equal(qdisc.present, cases[i].known && size == 4 ? 1 << QDISC_LIMIT : 0);
            assert_int_equal(qdisc.values[QDISC_LIMIT], qdisc.present ? limit : 0);
            nlmsg_free(message);
        }
}

static void test_same(void **state)
{
    static const struct qdisc one = {.ifindex = 1, .handle = 2, .parent = 3, .kind = "tbf"};
    struct qdisc other = one;

    (void)state;
    assert_true(qdisc_same(&one, &other));
    strcpy(other.kind, "netem"); /* tc qdisc replace */
    assert_false(qdisc_same(&one, &other));
}

static void test_refused(void **state)
{
    struct nl_msg *nameless = newqdisc(7, NULL), *nowhere = newqdisc(0, "tbf"), *link = newlink(7, "x");
    struct nl_msg *noqueue = newqdisc(7, "noqueue"), *bare = newqdisc(7, "pfifo");
    struct qdisc qdisc = {.ifindex = 99};

    (void)state;
    assert_int_equal(qdisc_parse(nlmsg_hdr(nameless), &qdisc), -EBADMSG);
    assert_int_equal(qdisc_parse(nlmsg_hdr(nowhere), &qdisc), -EBADMSG);
    assert_int_equal(qdisc_parse(nlmsg_hdr(link), &qdisc), -ENODATA);
    assert_int_equal(qdisc_parse(nlmsg_hdr(noqueue), &qdisc), -ENODATA);
    assert_int_equal(qdisc.ifindex, 99);
    assert_int_equal(qdisc_parse(nlmsg_hdr(bare), &qdisc), 0);
    assert_int_equal(qdisc.present, 0);
    nlmsg_hdr(bare)->nlmsg_len = NLMSG_HDRLEN + sizeof(struct tcmsg) - 4;
    assert_int_equal(qdisc_parse(nlmsg_hdr(bare), &qdisc), -EBADMSG);
    nlmsg_free(nameless);
    nlmsg_free(nowhere);
    nlmsg_free(link);
    nlmsg_free(noqueue);
    nlmsg_free(bare);
}

static int take_damaged(const struct nlmsghdr *message, void *data)
{
    struct qdisc qdisc = {.ifindex = 99};
    int error = qdisc_parse(message, &qdisc);

    (void)data;
    assert_true(error == 0 || error == -EBADMSG || error == -ENODATA);
    assert_true(error == 0 ? qdisc.ifindex > 0 && qdisc.kind[0] : qdisc.ifindex == 99);
    return 0;
}

/* Row 12 of docs/faults.md. */
static void test_row_12_cut_and_damaged(void **state)
{
    (void)state;
    damage_captured("getqdisc", (struct message_taker){take_damaged, NULL});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_captured),
        cmocka_unit_test(test_parents_as_tc_prints_them),
        cmocka_unit_test(test_widths),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_same),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_row_12_cut_and_damaged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
