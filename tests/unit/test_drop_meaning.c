/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of meanings as data, and which entry holds. */

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/cleanup.h"
#include "collectors/meaning/drop_meaning.h"
#include "tests/unit/unit.h"

static const struct {
    const char *reason, *function;
    enum loss_class loss_class;
} cases[] = {
    {"NO_SOCKET", "__udp4_lib_rcv", LOSS_ERROR},
    {"SOCKET_RCVBUFF", "udp_queue_rcv_one_skb", LOSS_CAPACITY},
    {"FULL_RING", "tap_handle_frame", LOSS_CAPACITY},
    {"NETFILTER_DROP", "nft_do_chain", LOSS_POLICY},
    {"OTHERHOST", "ip_rcv_core", LOSS_BENIGN},
    {"TCP_OLD_DATA", "tcp_data_queue", LOSS_BENIGN},
    {"QUEUE_PURGE", "anything", LOSS_BENIGN},
    {"SOCKET_CLOSE", "unix_release_sock", LOSS_BENIGN},
    /* The reason says more than the function. */
    {"TAP_FILTER", "tun_net_xmit", LOSS_POLICY},
    /* No reason, or one that says nothing: the function. */
    {"", "tap_handle_frame", LOSS_CAPACITY},
    {"NOT_SPECIFIED", "tap_handle_frame", LOSS_CAPACITY},
    {"NOT_SPECIFIED", "udp_destruct_common", LOSS_BENIGN},
    {"", "ip_forward", LOSS_ERROR},
    {"NOT_SPECIFIED", "ip_forward", LOSS_UNKNOWN},
    {"1234", "nf_hook_slow", LOSS_POLICY},
    {"NOT_SPECIFIED", "unknown", LOSS_UNKNOWN},
    {"65537", "ieee80211_rx", LOSS_UNKNOWN},
    {"", "", LOSS_UNKNOWN},
    {"no_socket", "", LOSS_UNKNOWN},
};

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++)
        if (drop_class_of(cases[i].reason, cases[i].function) != cases[i].loss_class)
            fail_msg("%s in %s", cases[i].reason, cases[i].function);
}

/* An entry that another hides says nothing, and a sentence is one: it begins with a capital and has no end.
 */
static void test_entries(void **state)
{
    (void)state;
    assert_true(drop_meaning_count > 128);
    for (size_t i = 0; i < drop_meaning_count; i++) {
        const struct drop_meaning *entry = &drop_meanings[i];

        assert_true(entry->reason || entry->function);
        assert_ptr_equal(
            drop_meaning_find(entry->reason ? entry->reason : "", entry->function ? entry->function : ""),
            entry);
        assert_true(entry->loss_class < LOSS_UNKNOWN);
        assert_true(isupper((unsigned char)entry->sentence[0]) || islower((unsigned char)entry->sentence[0]));
        assert_null(strchr(".\n", entry->sentence[strlen(entry->sentence) - 1]));
        assert_true(entry->remedy < REMEDY_COUNT);
        assert_int_equal(entry->remedy == REMEDY_NOTHING, entry->loss_class == LOSS_BENIGN);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_entries)};

    return cmocka_run_group_tests_name("drop_class", tests, NULL, NULL);
}
