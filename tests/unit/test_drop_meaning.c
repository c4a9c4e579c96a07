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
    unsigned circumstances;
} cases[] = {
    /* Told apart by what else is known. */
    {"QDISC_DROP", "__dev_queue_xmit", LOSS_CAPACITY, 0},
    {"QDISC_DROP", "__dev_queue_xmit", LOSS_ERROR, DROP_NO_CARRIER},
    {"QDISC_OVERLIMIT", "__dev_queue_xmit", LOSS_CAPACITY, DROP_NO_CARRIER},
    {"NOT_SPECIFIED", "__udp4_lib_rcv", LOSS_UNKNOWN, 0},
    {"NOT_SPECIFIED", "__udp4_lib_rcv", LOSS_BENIGN, DROP_TO_GROUP},
    {"NOT_SPECIFIED", "__udp4_lib_rcv", LOSS_POLICY, DROP_TO_HOST},
    {"NO_SOCKET", "__udp4_lib_rcv", LOSS_ERROR, DROP_TO_GROUP},
    /* No packet, or not one of its own: whatever the reason. */
    {"QDISC_DROP", "skb_release_data", LOSS_BENIGN, DROP_NO_CARRIER},
    {"NOT_SPECIFIED", "skb_release_data", LOSS_BENIGN, DROP_TO_HOST},
    {"NOT_SPECIFIED", "kfree_skb_list_reason", LOSS_BENIGN, 0},
    {"FULL_RING", "kfree_skb_list_reason", LOSS_CAPACITY, 0},
    {"SOCKET_RCVBUFF", "unix_dgram_sendmsg", LOSS_BENIGN, 0},
    {"NOT_SPECIFIED", "virtio_transport_recv_pkt", LOSS_BENIGN, 0},
    {"NOT_SPECIFIED", "netlink_unicast", LOSS_BENIGN, 0},
    {"PACKET_SOCK_ERROR", "packet_rcv", LOSS_BENIGN, 0},
    {"NOT_SPECIFIED", "tpacket_rcv", LOSS_BENIGN, 0},
    {"NO_SOCKET", "ping_rcv", LOSS_BENIGN, 0},
    {"NO_SOCKET", "icmp_rcv", LOSS_BENIGN, 0},
    {"NOT_SPECIFIED", "tbf_enqueue", LOSS_BENIGN, 0},
    /* The reason says too little, or the wrong thing. */
    {"UNHANDLED_PROTO", "__netif_receive_skb_core", LOSS_BENIGN, 0},
    {"UNHANDLED_PROTO", "ip6_tlvopt_unknown", LOSS_ERROR, 0},
    {"TCP_OFO_DROP", "tcp_data_queue", LOSS_BENIGN, 0},
    {"NOT_SPECIFIED", "veth_xdp_rcv_skb", LOSS_POLICY, DROP_TO_HOST},
    {"NOT_SPECIFIED", "do_xdp_generic", LOSS_POLICY, 0},
    {"NOT_SPECIFIED", "__dev_forward_skb2", LOSS_ERROR, 0},
    {"NOT_SPECIFIED", "__rtnl_unlock", LOSS_ERROR, 0},
    {"NOT_SPECIFIED", "ip_error", LOSS_POLICY, 0},
    {"IP_INNOROUTES", "ip_error", LOSS_ERROR, 0},
    {"NO_TX_TARGET", "br_flood", LOSS_POLICY, 0},
    {"NO_TX_TARGET", "vxlan_xmit", LOSS_ERROR, 0},
    {"QUEUE_PURGE", "neigh_destroy", LOSS_ERROR, 0},
    {"QUEUE_PURGE", "sk_stream_kill_queues", LOSS_BENIGN, 0},
    {"IPV6DISABLED", "ip6_rcv_core", LOSS_POLICY, 0},
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
        if (drop_class_of(cases[i].reason, cases[i].function, cases[i].circumstances) != cases[i].loss_class)
            fail_msg("%s in %s", cases[i].reason, cases[i].function);
}

/* An entry that another hides says nothing, and a sentence is one: it begins with a capital and has no end.
 */
static void test_entries(void **state)
{
    const struct drop_meaning *entry;

    (void)state;
    assert_true(drop_meaning_at(300));
    for (size_t i = 0; (entry = drop_meaning_at(i)); i++) {
        assert_true(entry->reason || entry->function);
        assert_ptr_equal(drop_meaning_find(entry->reason ? entry->reason : "",
                                           entry->function ? entry->function : "", entry->circumstance),
                         entry);
        assert_true(!entry->decides || (entry->function && !entry->reason));
        assert_true(entry->loss_class < LOSS_UNKNOWN);
        assert_true(isupper((unsigned char)entry->sentence[0]) || islower((unsigned char)entry->sentence[0]));
        assert_null(strchr(".\n", entry->sentence[strlen(entry->sentence) - 1]));
        assert_true(entry->remedy < REMEDY_COUNT);
        /* The copy for a packet socket is nobody's loss but its reader's. */
        assert_int_equal(entry->remedy == REMEDY_NOTHING ||
                             (entry->remedy == REMEDY_PACKET_SOCKET && entry->loss_class != LOSS_CAPACITY),
                         entry->loss_class == LOSS_BENIGN);
    }
}

/* Rows that only a circumstance tells apart differ in their class, or two of them would have the same labels;
 * and the class leads back to the entry. */
static void test_circumstances(void **state)
{
    const struct drop_meaning *entry;

    (void)state;
    for (size_t i = 0; (entry = drop_meaning_at(i)); i++) {
        const char *function = entry->function ? entry->function : "";

        if (!entry->circumstance)
            continue;
        assert_non_null(entry->reason);
        for (unsigned other = 0; other <= DROP_CIRCUMSTANCE_LAST; other = other ? 2 * other : 1)
            if (other != entry->circumstance)
                assert_true(drop_class_of(entry->reason, function, other) != entry->loss_class);
        assert_ptr_equal(drop_meaning_of_class(entry->reason, function, loss_class_name(entry->loss_class)),
                         entry);
    }
    assert_null(drop_meaning_of_class("QDISC_DROP", "f", "benign"));
    assert_null(drop_meaning_of_class("NOT_SPECIFIED", "__udp4_lib_rcv", "error"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_entries),
                                       cmocka_unit_test(test_circumstances)};

    return cmocka_run_group_tests_name("drop_class", tests, NULL, NULL);
}
