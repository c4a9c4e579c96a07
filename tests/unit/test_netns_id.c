/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers of namespaces: out of bytes, and from the running kernel. */

#include "collectors/kernel/netns_id.h"

#include <fcntl.h>
#include <linux/net_namespace.h>

#include "tests/unit/damage.h"

static struct nl_msg *answer(int type, int attribute, int32_t id)
{
    struct nl_msg *message = nlmsg_alloc_simple(type, 0);
    struct rtgenmsg header = {};

    assert_int_equal(nlmsg_append(message, &header, sizeof(header), NLMSG_ALIGNTO), 0);
    assert_int_equal(nla_put(message, attribute, sizeof(id), &id), 0);
    return message;
}

static void expect(struct nl_msg *message, int id)
{
    assert_int_equal(netns_id_parse(nlmsg_hdr(message)), id);
    nlmsg_free(message);
}

static void test_answers(void **state)
{
    struct nl_msg *cut = answer(RTM_NEWNSID, NETNSA_NSID, 7);

    (void)state;
    expect(answer(RTM_NEWNSID, NETNSA_NSID, 0), 0);
    expect(answer(RTM_NEWNSID, NETNSA_NSID, INT32_MAX), INT32_MAX);
    expect(answer(RTM_NEWNSID, NETNSA_NSID, NETNSA_NSID_NOT_ASSIGNED), -1);
    expect(answer(RTM_NEWNSID, NETNSA_CURRENT_NSID, 7), -1);
    expect(answer(RTM_DELNSID, NETNSA_NSID, 7), -1);
    nlmsg_hdr(cut)->nlmsg_len -= 4;
    expect(cut, -1);
    cut = answer(RTM_NEWNSID, NETNSA_NSID, 7);
    nlmsg_hdr(cut)->nlmsg_len = NLMSG_HDRLEN;
    expect(cut, -1);
}

/* Nothing of ours leads to ourselves, and there is no such process. The socket goes on. */
static void test_the_running_kernel(void **state)
{
    struct limits limits = {};
    struct netlink netlink = {};
    struct netns_asker asker = {};
    int null = open("/dev/null", O_RDONLY);

    (void)state;
    assert_int_equal(netlink_open(NETLINK_ROUTE, &limits, &netlink, NULL), 0);
    assert_int_equal(netns_asker_init(&asker, &netlink), 0);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(netns_id_of_pid(&asker, INT32_MAX), -1);
        assert_int_equal(netns_id_of_pid(&asker, (uint32_t)getpid()), -1);
        assert_int_equal(netns_id_of_fd(&asker, null), -1);
    }
    netns_asker_done(&asker);
    netlink_close(&netlink);
    close(null);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_the_running_kernel),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
