/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets out of captured bytes, and the filter that the kernel is given. */

#include "collectors/sockets/sockets_parse.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <string.h>

#include "base/cleanup.h"
#include "tests/unit/damage.h"

struct found {
    struct socket_report items[16];
    size_t count;
};

static int take(const struct nlmsghdr *message, void *data)
{
    struct found *found = data;
    int error = sockets_parse(message, &found->items[found->count]);

    assert_true(error == 0 || (error == -ENODATA && message->nlmsg_type == NLMSG_DONE));
    if (error == 0)
        found->count++;
    return 0;
}

static struct found read_captured(const char *file)
{
    struct found found = {};
    struct bytes bytes = captured(file);

    assert_int_equal(netlink_walk(bytes.data, bytes.size, take, &found), 0);
    bytes_done(&bytes);
    return found;
}

static void test_captured_udp(void **state)
{
    static const struct {
        const char *file;
        bool ipv6;
        uint16_t port;
        size_t sockets;
        uint32_t drops;
    } cases[] = {
        {"../sock_diag/udp4", false, 8125, 1, 96},
        {"../sock_diag/udp4", false, 5353, 2, 0},
        {"../sock_diag/udp6", true, 53, 1, 46},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct found found = read_captured(cases[i].file);
        size_t sockets = 0;

        for (size_t item = 0; item < found.count; item++) {
            assert_int_equal(found.items[item].ipv6, cases[i].ipv6);
            assert_true(found.items[item].has_drops);
            assert_true(found.items[item].cookie > 0);
            assert_int_equal(found.items[item].cgroup_id, 1); /* captured in the top cgroup */
            if (found.items[item].port != cases[i].port)
                continue;
            sockets++;
            assert_int_equal(found.items[item].drops, cases[i].drops);
        }
        assert_int_equal(sockets, cases[i].sockets);
    }
}

static void test_captured_listeners(void **state)
{
    struct found four = read_captured("../sock_diag/listen4"), six = read_captured("../sock_diag/listen6");

    (void)state;
    assert_int_equal(four.count, 1);
    assert_int_equal(four.items[0].port, 80);
    assert_int_equal(four.items[0].queue_length, 2);
    assert_int_equal(four.items[0].queue_limit, 1);
    assert_false(four.items[0].ipv6);
    assert_int_equal(six.count, 1);
    assert_int_equal(six.items[0].port, 443);
    assert_int_equal(six.items[0].queue_length, 0);
    assert_int_equal(six.items[0].queue_limit, 511);
    assert_true(six.items[0].ipv6);
}

static struct nl_msg *report_message(uint16_t port, uint32_t cookie)
{
    struct inet_diag_msg header = {
        .idiag_family = AF_INET, .id.idiag_sport = htons(port), .id.idiag_cookie = {cookie, 1}};
    struct nl_msg *message = nlmsg_alloc_simple(SOCK_DIAG_BY_FAMILY, 0);

    if (cookie == 0)
        header.id.idiag_cookie[1] = 0;
    assert_int_equal(nlmsg_append(message, &header, sizeof(header), NLMSG_ALIGNTO), 0);
    return message;
}

static void test_refused_and_incomplete(void **state)
{
    static const uint64_t cgroup = UINT64_MAX - 1;
    static const uint32_t memory[SK_MEMINFO_DROPS + 1] = {[SK_MEMINFO_DROPS] = UINT32_MAX};
    struct nl_msg *message = report_message(53, 7), *no_port = report_message(0, 7);
    struct nl_msg *no_cookie = report_message(53, 0), *link = newlink(7, "x");
    struct socket_report report = {.port = 99};

    (void)state;
    assert_int_equal(sockets_parse(nlmsg_hdr(no_port), &report), -EBADMSG);
    assert_int_equal(sockets_parse(nlmsg_hdr(no_cookie), &report), -EBADMSG);
    assert_int_equal(sockets_parse(nlmsg_hdr(link), &report), -ENODATA);
    assert_int_equal(report.port, 99);

    assert_int_equal(sockets_parse(nlmsg_hdr(message), &report), 0);
    assert_false(report.has_drops);
    assert_true(report.cookie == (UINT64_C(1) << 32 | 7));
    assert_int_equal(nla_put(message, INET_DIAG_SKMEMINFO, sizeof(memory) - 4, memory), 0); /* before 4.7 */
    assert_int_equal(sockets_parse(nlmsg_hdr(message), &report), 0);
    assert_false(report.has_drops);
    nlmsg_free(message);

    message = report_message(53, 7);
    assert_int_equal(nla_put(message, INET_DIAG_SKMEMINFO, sizeof(memory), memory), 0);
    assert_int_equal(sockets_parse(nlmsg_hdr(message), &report), 0);
    assert_true(report.has_drops);
    assert_true(report.drops == UINT32_MAX);
    assert_true(report.cgroup_id == 0);
    assert_int_equal(nla_put(message, INET_DIAG_CGROUP_ID, sizeof(cgroup) - 4, &cgroup), 0);
    assert_int_equal(sockets_parse(nlmsg_hdr(message), &report), 0);
    assert_true(report.cgroup_id == 0);
    nlmsg_free(message);

    message = report_message(53, 7);
    assert_int_equal(nla_put(message, INET_DIAG_CGROUP_ID, sizeof(cgroup), &cgroup), 0);
    assert_int_equal(sockets_parse(nlmsg_hdr(message), &report), 0);
    assert_true(report.cgroup_id == cgroup);
    nlmsg_hdr(message)->nlmsg_len = NLMSG_HDRLEN + sizeof(struct inet_diag_msg) - 4;
    assert_int_equal(sockets_parse(nlmsg_hdr(message), &report), -EBADMSG);

    nlmsg_free(message);
    nlmsg_free(no_port);
    nlmsg_free(no_cookie);
    nlmsg_free(link);
}

/* As the kernel runs it: net/ipv4/inet_diag.c, inet_diag_bc_run(). */
static bool passes(const uint8_t *filter, int size, uint16_t port, bool kernel_chose_it)
{
    int left = size;

    while (left > 0) {
        struct inet_diag_bc_op code[2] = {};
        bool holds = false;

        memcpy(code, &filter[size - left], left >= 8 ? 8 : 4);
        switch (code[0].code) {
        case INET_DIAG_BC_S_LE:
            holds = port <= code[1].no;
            break;
        case INET_DIAG_BC_AUTO:
            holds = kernel_chose_it;
            break;
        default:
            assert_int_equal(code[0].code, INET_DIAG_BC_JMP);
        }
        left -= holds ? code[0].yes : code[0].no;
    }
    return left == 0;
}

static void test_filter(void **state)
{
    static const struct {
        uint16_t highest, port;
        bool kernel_chose_it, passes;
    } cases[] = {
        {32767, 1, false, true},     {32767, 32767, false, true}, {32767, 32768, false, false},
        {32767, 8125, true, false},  {32767, 40000, true, false}, {65535, 65535, false, true},
        {65535, 40000, true, false}, {1, 1, false, true},         {1, 2, false, false},
    };
    uint8_t filter[SOCKETS_FILTER_SIZE], rest[SOCKETS_FILTER_REST_SIZE];

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        sockets_filter(cases[i].highest, filter);
        sockets_filter_rest(cases[i].highest, rest);
        assert_int_equal(passes(filter, sizeof(filter), cases[i].port, cases[i].kernel_chose_it),
                         cases[i].passes);
        assert_int_equal(passes(rest, sizeof(rest), cases[i].port, cases[i].kernel_chose_it),
                         !cases[i].passes);
    }
}

static int take_damaged(const struct nlmsghdr *message, void *data)
{
    struct socket_report report = {.port = 99};
    int error = sockets_parse(message, &report);

    (void)data;
    assert_true(error == 0 || error == -EBADMSG || error == -ENODATA);
    assert_true(error == 0 ? report.port && report.cookie : report.port == 99 && !report.cookie);
    return 0;
}

/* Row 12 of docs/faults.md. */
static void test_row_12_cut_and_damaged(void **state)
{
    static const char *const files[] = {"udp4", "udp6", "listen4", "listen6"};
    char path[64];

    (void)state;
    for (size_t i = 0; i < ELEMENTS(files); i++) {
        (void)snprintf(path, sizeof(path), "../sock_diag/%s", files[i]);
        damage_captured(path, (struct message_taker){take_damaged, NULL});
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_captured_udp),           cmocka_unit_test(test_captured_listeners),
        cmocka_unit_test(test_refused_and_incomplete), cmocka_unit_test(test_filter),
        cmocka_unit_test(test_row_12_cut_and_damaged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
