/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which messages are a neighbour that /proc/net/arp has a line for. */

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "collectors/link/link_neighbours.h"
#include "tests/unit/unit.h"

static void test_who_counts(void **state)
{
    static const struct {
        uint16_t type;
        struct ndmsg header;
        int expected;
    } cases[] = {
        {RTM_NEWNEIGH, {.ndm_family = AF_INET, .ndm_ifindex = 7, .ndm_state = NUD_REACHABLE}, 7},
        {RTM_NEWNEIGH, {.ndm_family = AF_INET, .ndm_ifindex = 7, .ndm_state = NUD_FAILED}, 7},
        {RTM_NEWNEIGH, {.ndm_family = AF_INET, .ndm_ifindex = 7, .ndm_state = NUD_PERMANENT}, 7},
        {RTM_NEWNEIGH, {.ndm_family = AF_INET, .ndm_ifindex = 7, .ndm_state = NUD_NOARP}, 0},
        {RTM_NEWNEIGH, {.ndm_family = AF_INET, .ndm_ifindex = 7, .ndm_state = NUD_NONE}, 0},
        {RTM_NEWNEIGH, {.ndm_family = AF_INET6, .ndm_ifindex = 7, .ndm_state = NUD_REACHABLE}, 0},
        {RTM_NEWNEIGH, {.ndm_family = AF_INET, .ndm_ifindex = -1, .ndm_state = NUD_REACHABLE}, 0},
        {RTM_DELNEIGH, {.ndm_family = AF_INET, .ndm_ifindex = 7, .ndm_state = NUD_REACHABLE}, 0},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct nl_msg *message;

        assert_int_equal(
            netlink_message_new(cases[i].type, &cases[i].header, sizeof(cases[i].header), &message), 0);
        assert_int_equal(link_neighbours_parse(nlmsg_hdr(message)), cases[i].expected);
        nlmsg_hdr(message)->nlmsg_len = NLMSG_LENGTH(sizeof(struct ndmsg) - 1);
        assert_int_equal(link_neighbours_parse(nlmsg_hdr(message)), 0);
        nlmsg_free(message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
