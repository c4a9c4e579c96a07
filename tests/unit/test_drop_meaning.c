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
    {"QDISC_DROP", "__dev_queue_xmit", LOSS_BENIGN, DROP_TO_GROUP},
    {"QDISC_OVERLIMIT", "__dev_queue_xmit", LOSS_CAPACITY, DROP_TO_GROUP},
    {"QDISC_OVERLIMIT", "__dev_queue_xmit", LOSS_CAPACITY, DROP_NO_CARRIER},
    {"NOT_SPECIFIED", "__udp4_lib_rcv", LOSS_UNKNOWN, 0},
    {"NOT_SPECIFIED", "__udp4_lib_rcv", LOSS_BENIGN, DROP_TO_GROUP},
    {"NOT_SPECIFIED", "__udp4_lib_rcv", LOSS_POLICY, DROP_TO_HOST},
    {"NO_SOCKET", "__udp4_lib_rcv", LOSS_ERROR, DROP_TO_GROUP},
    {"NOT_SPECIFIED", "ip6_forward", LOSS_POLICY, DROP_TO_HOST},
    {"NOT_SPECIFIED", "ip6_forward", LOSS_UNKNOWN, DROP_TO_GROUP},
    /* No packet, or not one of its own: whatever the reason. */
    {"QDISC_DROP", "skb_release_data", LOSS_COPY, DROP_NO_CARRIER},
    {"NOT_SPECIFIED", "skb_release_data", LOSS_COPY, DROP_TO_HOST},
    {"NOT_SPECIFIED", "kfree_skb_list_reason", LOSS_COPY, 0},
    {"FULL_RING", "kfree_skb_list_reason", LOSS_CAPACITY, 0},
    {"SOCKET_RCVBUFF", "unix_dgram_sendmsg", LOSS_BENIGN, 0},
    {"NOT_SPECIFIED", "virtio_transport_recv_pkt", LOSS_BENIGN, 0},
    {"NOT_SPECIFIED", "netlink_unicast", LOSS_BENIGN, 0},
    {"PACKET_SOCK_ERROR", "packet_rcv", LOSS_COPY, 0},
    {"NOT_SPECIFIED", "tpacket_rcv", LOSS_COPY, 0},
    {"NO_SOCKET", "ping_rcv", LOSS_BENIGN, 0},
    {"NO_SOCKET", "icmp_rcv", LOSS_BENIGN, 0},
    {"NOT_SPECIFIED", "tbf_enqueue", LOSS_COPY, 0},
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
    {"QUEUE_PURGE", "sk_stream_kill_queues", LOSS_COPY, 0},
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
    /* Reasons by their beginning: of wireless networks each kernel has others. */
    {"RX_DROP_U_REPLAY", "ieee80211_rx_handlers_result", LOSS_ERROR},
    {"RX_DROP_U_NEW_ONE", "ieee80211_rx_handlers_result", LOSS_ERROR},
    {"RX_DROP_U_DUP", "ieee80211_rx_handlers_result", LOSS_BENIGN},
    {"RX_DROP_U_OOM", "ieee80211_rx_handlers_result", LOSS_CAPACITY},
    {"RX_DROP", "ieee80211_rx_handlers_result", LOSS_UNKNOWN},
    {"RX_DROP_U_REPLAY", "ieee80211_iface_work", LOSS_ERROR},
    {"NOT_SPECIFIED", "ieee80211_iface_work", LOSS_BENIGN},
    /* Multicast and segment routing. */
    {"NOT_SPECIFIED", "ip_mr_forward", LOSS_POLICY},
    {"NOT_SPECIFIED", "pim_rcv", LOSS_BENIGN},
    {"NOT_SPECIFIED", "ip6mr_cache_unresolved", LOSS_CAPACITY},
    {"NOT_SPECIFIED", "input_action_end_dx4", LOSS_ERROR},
    {"NOT_SPECIFIED", "input_action_end_bpf", LOSS_POLICY},
    {"IP_RPFILTER", "input_action_end_dx4_finish", LOSS_POLICY},
    {"NOT_SPECIFIED", "seg6_output_core", LOSS_ERROR},
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

static void test_directions(void **state)
{
    (void)state;
    /* Of a cause, whatever the function. */
    assert_int_equal(drop_direction_of(CAUSE_CPU_BACKLOG_FULL, "enqueue_to_backlog"), DIRECTION_RECEIVE);
    assert_int_equal(drop_direction_of(CAUSE_STACKED_DEVICE_BACKLOG_FULL, "gro_cells_receive"),
                     DIRECTION_RECEIVE);
    /* Of a function, whatever the cause. */
    assert_int_equal(drop_direction_of(CAUSE_TUNNEL_PACKET_INVALID, "vxlan_rcv"), DIRECTION_RECEIVE);
    assert_int_equal(drop_direction_of(CAUSE_DEVICE_NOT_READY, "vxlan_rcv"), DIRECTION_RECEIVE);
    assert_int_equal(drop_direction_of(CAUSE_IPSEC_ERROR, "xfrm_input"), DIRECTION_RECEIVE);
    assert_int_equal(drop_direction_of(CAUSE_TUNNEL_UNKNOWN, "vti6_input_proto"), DIRECTION_RECEIVE);
    /* The packet tells. */
    assert_int_equal(drop_direction_of(CAUSE_IPSEC_ERROR, "xfrm_output_resume"), DIRECTION_NONE);
    assert_int_equal(drop_direction_of(CAUSE_TUNNEL_PACKET_INVALID, "l2tp_xmit_skb"), DIRECTION_NONE);
    assert_int_equal(drop_direction_of(CAUSE_NETFILTER_RULE, "nf_hook_slow"), DIRECTION_NONE);
    assert_int_equal(drop_direction_of(CAUSE_UNKNOWN, ""), DIRECTION_NONE);
}

/* What drops under Linux 6.1, 6.12 and 6.18 (functions differ by what the compiler inlined), and what it is
 * told as: the places that the fault lab reaches, and those that a counter of the kernel has, too. */
static const struct {
    const char *reason, *function, *cause;
    enum stage stage;
    enum loss_class loss_class;
    unsigned circumstances;
} places[] = {
    {"PACKET_SOCK_ERROR", "packet_rcv", "packet_socket_copy", STAGE_INGRESS, LOSS_COPY},
    {"NOT_SPECIFIED", "packet_rcv", "packet_socket_copy", STAGE_INGRESS, LOSS_COPY},
    {"NOT_SPECIFIED", "tpacket_rcv", "packet_socket_copy", STAGE_INGRESS, LOSS_COPY},
    {"NOT_SPECIFIED", "tbf_enqueue", "segmented_whole", STAGE_EGRESS, LOSS_COPY},
    {"NOT_SPECIFIED", "skb_release_data", "further_fragment", STAGE_NETWORK, LOSS_COPY},
    {"NOT_SPECIFIED", "kfree_skb_list_reason", "further_fragment", STAGE_NETWORK, LOSS_COPY},
    {"NOT_SPECIFIED", "sk_stream_kill_queues", "tcp_closed", STAGE_TRANSPORT, LOSS_COPY},
    {"QUEUE_PURGE", "sk_stream_kill_queues", "tcp_closed", STAGE_TRANSPORT, LOSS_COPY},
    {"NOT_SPECIFIED", "tcp_rcv_state_process", "tcp_connection_ended", STAGE_TRANSPORT, LOSS_BENIGN},
    {"TCP_FLAGS", "tcp_rcv_state_process", "tcp_flags", STAGE_TRANSPORT, LOSS_ERROR},
    {"NOT_SPECIFIED", "tun_queue_purge", "queue_emptied", STAGE_UNKNOWN, LOSS_BENIGN},
    {"NOT_SPECIFIED", "packet_sendmsg", "send_refused", STAGE_TRANSPORT, LOSS_BENIGN},
    {"NOT_SPECIFIED", "tap_sock_destruct", "queue_emptied", STAGE_UNKNOWN, LOSS_BENIGN},
    {"NOT_SPECIFIED", "__skb_array_destroy_skb", "queue_emptied", STAGE_UNKNOWN, LOSS_BENIGN},
    {"NOT_SPECIFIED", "__rtnl_unlock", "qdisc_emptied", STAGE_EGRESS, LOSS_ERROR},
    {"NOT_SPECIFIED", "qdisc_reset", "qdisc_emptied", STAGE_EGRESS, LOSS_ERROR},
    {"QUEUE_PURGE", "qdisc_reset", "qdisc_emptied", STAGE_EGRESS, LOSS_ERROR},
    {"QDISC_DROP", "__dev_queue_xmit", "link_down", STAGE_EGRESS, LOSS_ERROR, DROP_NO_CARRIER},
    {"QDISC_DROP", "kfree_skb_list_reason", "link_down", STAGE_EGRESS, LOSS_ERROR, DROP_NO_CARRIER},
    {"QDISC_DROP", "__dev_queue_xmit", "ipv6_announced_early", STAGE_EGRESS, LOSS_BENIGN, DROP_TO_GROUP},
    {"QDISC_DROP", "__dev_queue_xmit", "qdisc_full", STAGE_EGRESS, LOSS_CAPACITY},
    {"QDISC_DROP", "__dev_xmit_skb", "qdisc_full", STAGE_EGRESS, LOSS_CAPACITY},
    {"QDISC_DROP", "kfree_skb_list_reason", "qdisc_full", STAGE_EGRESS, LOSS_CAPACITY},
    {"QDISC_OVERLIMIT", "__dev_queue_xmit", "qdisc_full", STAGE_EGRESS, LOSS_CAPACITY},
    {"FQ_FLOW_LIMIT", "__dev_queue_xmit", "qdisc_full", STAGE_EGRESS, LOSS_CAPACITY},
    {"QDISC_CONGESTED", "__dev_queue_xmit", "qdisc_congestion", STAGE_EGRESS, LOSS_CAPACITY},
    {"NOT_SPECIFIED", "__dev_queue_xmit", "device_down", STAGE_EGRESS, LOSS_ERROR},
    {"NOT_SPECIFIED", "__dev_forward_skb2", "veth_peer_down_or_mtu", STAGE_DRIVER, LOSS_ERROR},
    {"FULL_RING", "tun_net_xmit", "tun_queue_full", STAGE_DRIVER, LOSS_CAPACITY},
    {"", "tun_net_xmit", "tun_queue_full", STAGE_DRIVER, LOSS_CAPACITY},
    {"FULL_RING", "tap_handle_frame", "tap_queue_full", STAGE_INGRESS, LOSS_CAPACITY},
    {"FULL_RING", "kfree_skb_list_reason", "tap_queue_full", STAGE_INGRESS, LOSS_CAPACITY},
    {"DEV_READY", "tun_get_user", "tun_device_down", STAGE_DRIVER, LOSS_ERROR},
    {"CPU_BACKLOG", "enqueue_to_backlog", "cpu_backlog_full", STAGE_INGRESS, LOSS_CAPACITY},
    {"NOT_SPECIFIED", "veth_xdp_rcv_skb", "xdp_program", STAGE_DRIVER, LOSS_POLICY},
    {"NOT_SPECIFIED", "do_xdp_generic", "xdp_program", STAGE_DRIVER, LOSS_POLICY},
    {"XDP", "do_xdp_generic", "xdp_program", STAGE_DRIVER, LOSS_POLICY},
    {"NOT_SPECIFIED", "netif_receive_generic_xdp", "xdp_program", STAGE_DRIVER, LOSS_POLICY},
    {"UNHANDLED_PROTO", "__netif_receive_skb_core", "unhandled_protocol", STAGE_INGRESS, LOSS_BENIGN},
    {"PTYPE_ABSENT", "__netif_receive_skb_core", "unhandled_protocol", STAGE_INGRESS, LOSS_BENIGN},
    {"OTHERHOST", "ip_rcv_core", "other_host", STAGE_NETWORK, LOSS_BENIGN},
    {"NOT_SPECIFIED", "br_handle_frame", "bridge_port_not_forwarding", STAGE_INGRESS, LOSS_POLICY},
    {"BRIDGE_INGRESS_STP_STATE", "br_handle_frame", "bridge_port_not_forwarding", STAGE_INGRESS, LOSS_POLICY},
    {"NETFILTER_DROP", "nf_hook_slow", "netfilter_rule", STAGE_NETWORK, LOSS_POLICY},
    {"NETFILTER_DROP", "nft_do_chain", "netfilter_rule", STAGE_NETWORK, LOSS_POLICY},
    {"IP_CSUM", "ip_rcv_core", "ip_checksum", STAGE_NETWORK, LOSS_ERROR},
    {"IP_INHDR", "ip_rcv_core", "ip_header", STAGE_NETWORK, LOSS_ERROR},
    {"IP_INHDR", "ip6_rcv_core", "ip_header", STAGE_NETWORK, LOSS_ERROR},
    {"UNHANDLED_PROTO", "ip6_rcv_core", "ip_header", STAGE_NETWORK, LOSS_ERROR},
    {"IP_INHDR", "ip_forward", "ttl_exceeded", STAGE_NETWORK, LOSS_ERROR},
    {"IP_INHDR", "ip6_forward", "ttl_exceeded", STAGE_NETWORK, LOSS_ERROR},
    {"PKT_TOO_SMALL", "ip_rcv_core", "ip_truncated", STAGE_NETWORK, LOSS_ERROR},
    {"PKT_TOO_SMALL", "ip6_rcv_core", "ip_truncated", STAGE_NETWORK, LOSS_ERROR},
    {"IP_INADDRERRORS", "ip_error", "ip_forwarding_off", STAGE_NETWORK, LOSS_ERROR},
    {"IP_INNOROUTES", "ip_error", "ip_no_route", STAGE_NETWORK, LOSS_ERROR},
    {"IP_INNOROUTES", "ip6_pkt_drop", "ip_no_route", STAGE_NETWORK, LOSS_ERROR},
    {"NOT_SPECIFIED", "ip_error", "ip_route_refused", STAGE_NETWORK, LOSS_POLICY},
    {"PKT_TOO_BIG", "ip_forward", "ip_too_big", STAGE_NETWORK, LOSS_ERROR},
    {"PKT_TOO_BIG", "ip6_forward", "ip_too_big", STAGE_NETWORK, LOSS_ERROR},
    {"IP_NOPROTO", "ip_protocol_deliver_rcu", "ip_unknown_protocol", STAGE_NETWORK, LOSS_ERROR},
    {"IPV6DISABLED", "ip6_rcv_core", "ipv6_disabled", STAGE_NETWORK, LOSS_POLICY},
    {"IP_RPFILTER", "ip_rcv_finish_core", "rp_filter", STAGE_NETWORK, LOSS_POLICY},
    {"NOT_SPECIFIED", "ip_rcv_finish_core", "martian_source", STAGE_NETWORK, LOSS_ERROR, DROP_TO_HOST},
    {"IP_LOCAL_SOURCE", "ip_rcv_finish_core", "martian_source", STAGE_NETWORK, LOSS_ERROR},
    {"IP_LOCALNET", "ip_rcv_finish_core", "martian_source", STAGE_NETWORK, LOSS_ERROR},
    {"IP_INVALID_DEST", "ip_rcv_finish_core", "martian_destination", STAGE_NETWORK, LOSS_ERROR},
    {"FRAG_REASM_TIMEOUT", "inet_frag_rbtree_purge", "fragment_timeout", STAGE_NETWORK, LOSS_ERROR},
    {"FRAG_REASM_TIMEOUT", "ip_expire", "fragment_timeout", STAGE_NETWORK, LOSS_ERROR},
    {"NOT_SPECIFIED", "ip_expire", "fragment_timeout", STAGE_NETWORK, LOSS_ERROR},
    {"NOT_SPECIFIED", "ip_defrag", "fragment_memory_full", STAGE_NETWORK, LOSS_CAPACITY},
    {"NEIGH_QUEUEFULL", "__neigh_event_send", "neighbour_unresolved", STAGE_NETWORK, LOSS_ERROR},
    {"NEIGH_FAILED", "arp_error_report", "neighbour_unresolved", STAGE_NETWORK, LOSS_ERROR},
    {"NOT_SPECIFIED", "neigh_invalidate", "neighbour_unresolved", STAGE_NETWORK, LOSS_ERROR},
    {"NOT_SPECIFIED", "ndisc_error_report", "neighbour_unresolved", STAGE_NETWORK, LOSS_ERROR},
    {"NO_SOCKET", "__udp4_lib_rcv", "udp_nobody_listens", STAGE_TRANSPORT, LOSS_ERROR},
    {"NO_SOCKET", "__udp6_lib_rcv", "udp_nobody_listens", STAGE_TRANSPORT, LOSS_ERROR},
    {"UDP_CSUM", "__udp4_lib_rcv", "udp_checksum", STAGE_TRANSPORT, LOSS_ERROR},
    {"NOT_SPECIFIED", "__udp4_lib_rcv", "udp_group_unwanted", STAGE_TRANSPORT, LOSS_BENIGN, DROP_TO_GROUP},
    {"NOT_SPECIFIED", "__udp4_lib_mcast_deliver", "udp_group_unwanted", STAGE_TRANSPORT, LOSS_BENIGN},
    {"SOCKET_RCVBUFF", "udp_queue_rcv_one_skb", "udp_receive_buffer_full", STAGE_TRANSPORT, LOSS_CAPACITY},
    {"SOCKET_RCVBUFF", "udpv6_queue_rcv_one_skb", "udp_receive_buffer_full", STAGE_TRANSPORT, LOSS_CAPACITY},
    {"SOCKET_RCVBUFF", "__udp_queue_rcv_skb", "udp_receive_buffer_full", STAGE_TRANSPORT, LOSS_CAPACITY},
    {"PROTO_MEM", "udp_queue_rcv_one_skb", "udp_memory_full", STAGE_TRANSPORT, LOSS_CAPACITY},
    {"PROTO_MEM", "__udp_enqueue_schedule_skb", "udp_memory_full", STAGE_TRANSPORT, LOSS_CAPACITY},
    {"PROTO_MEM", "tcp_data_queue", "tcp_memory_full", STAGE_TRANSPORT, LOSS_CAPACITY},
    {"SOCKET_FILTER", "udp_queue_rcv_one_skb", "udp_socket_filter", STAGE_TRANSPORT, LOSS_POLICY},
    {"NO_SOCKET", "tcp_v4_rcv", "tcp_nobody_listens", STAGE_TRANSPORT, LOSS_ERROR},
    {"NO_SOCKET", "tcp_v6_rcv", "tcp_nobody_listens", STAGE_TRANSPORT, LOSS_ERROR},
    {"NOT_SPECIFIED", "udp_destruct_common", "socket_closed_unread", STAGE_TRANSPORT, LOSS_BENIGN},
    {"NOT_SPECIFIED", "vxlan_rcv", "tunnel_unknown", STAGE_NETWORK, LOSS_ERROR},
    {"VXLAN_VNI_NOT_FOUND", "vxlan_rcv", "tunnel_unknown", STAGE_NETWORK, LOSS_ERROR},
    {"NOT_SPECIFIED", "icmpv6_rcv", "icmp_message", STAGE_NETWORK, LOSS_BENIGN},
    {"UNHANDLED_PROTO", "icmp_rcv", "icmp_ignored", STAGE_NETWORK, LOSS_BENIGN},
    {"IP_INHDR", "icmp_rcv", "icmp_invalid", STAGE_NETWORK, LOSS_ERROR},
    {"IP_INHDR", "ipv6_rthdr_rcv", "ipv6_extension_header", STAGE_NETWORK, LOSS_ERROR},
    {"NOT_SPECIFIED", "icmpv6_param_prob_reason", "ipv6_extension_header", STAGE_NETWORK, LOSS_ERROR},
    {"IP_INADDRERRORS", "ip6_protocol_deliver_rcu", "multicast_unwanted", STAGE_NETWORK, LOSS_BENIGN},
    {"NOT_SPECIFIED", "dev_kfree_skb_any_reason", "driver_freed", STAGE_DRIVER, LOSS_UNKNOWN},
    {"NOT_SPECIFIED", "net_tx_action", "driver_freed", STAGE_DRIVER, LOSS_UNKNOWN},
    {"NOT_SPECIFIED", "mptcp_destroy_common", "socket_closed_unread", STAGE_TRANSPORT, LOSS_BENIGN},
    {"QUEUE_PURGE", "somebody", "queue_emptied", STAGE_UNKNOWN, LOSS_BENIGN},
    {"NOT_SPECIFIED", "br_dev_queue_push_xmit", "bridge_port_mtu", STAGE_EGRESS, LOSS_ERROR},
    {"NOT_SPECIFIED", "xfrm_input", "ipsec_error", STAGE_NETWORK, LOSS_ERROR},
    {"NEW_IN_LINUX_9", "some_function", "unknown", STAGE_UNKNOWN, LOSS_UNKNOWN},
};

static void test_places(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(places); i++) {
        const struct cause_meaning *cause =
            &cause_meanings[drop_cause_of(places[i].reason, places[i].function, places[i].circumstances)];

        if (strcmp(cause->name, places[i].cause) != 0 || cause->stage != places[i].stage ||
            cause->loss_class != places[i].loss_class)
            fail_msg("%s in %s: %s, %s, %s", places[i].reason, places[i].function, cause->name,
                     stage_name(cause->stage), loss_class_name(cause->loss_class));
    }
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
        assert_true(entry->cause > CAUSE_UNKNOWN && entry->cause < CAUSE_COUNT);
        assert_true(isupper((unsigned char)entry->sentence[0]) || islower((unsigned char)entry->sentence[0]));
        assert_null(strchr(".\n", entry->sentence[strlen(entry->sentence) - 1]));
    }
}

/* Each cause has all that the ledger says of it, a name that no other has, and a site that it is for. */
static void test_causes(void **state)
{
    const struct drop_meaning *entry;
    bool used[CAUSE_COUNT] = {[CAUSE_UNKNOWN] = true};

    (void)state;
    for (size_t i = 0; (entry = drop_meaning_at(i)); i++)
        used[entry->cause] = true;
    for (unsigned i = 0; i < CAUSE_COUNT; i++) {
        const struct cause_meaning *cause = &cause_meanings[i];

        assert_non_null(cause->name);
        if (!used[i])
            fail_msg("no site is of cause %s", cause->name);
        assert_true(islower((unsigned char)cause->name[0]));
        assert_int_equal(strspn(cause->name, "abcdefghijklmnopqrstuvwxyz0123456789_"), strlen(cause->name));
        for (unsigned other = 0; other < i; other++)
            assert_string_not_equal(cause->name, cause_meanings[other].name);
        assert_true(cause->stage > STAGE_NONE && cause->stage < STAGE_COUNT);
        assert_int_equal(cause->loss_class == LOSS_UNKNOWN, i == CAUSE_UNKNOWN || i == CAUSE_DRIVER_FREED);
        /* The copy for a packet socket is nobody's loss but its reader's. */
        assert_int_equal(cause->remedy == REMEDY_NOTHING ||
                             (cause->remedy == REMEDY_PACKET_SOCKET && cause->loss_class != LOSS_CAPACITY),
                         cause->loss_class == LOSS_BENIGN || cause->loss_class == LOSS_COPY ||
                             i == CAUSE_UNKNOWN);
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

        enum loss_class loss_class = cause_meanings[entry->cause].loss_class;

        if (!entry->circumstance)
            continue;
        assert_non_null(entry->reason);
        for (unsigned other = 0; other <= DROP_CIRCUMSTANCE_LAST; other = other ? 2 * other : 1)
            if (other != entry->circumstance)
                assert_true(drop_class_of(entry->reason, function, other) != loss_class);
        assert_ptr_equal(drop_meaning_of_class(entry->reason, function, loss_class_name(loss_class)), entry);
    }
    assert_null(drop_meaning_of_class("QDISC_DROP", "f", "policy"));
    assert_null(drop_meaning_of_class("NOT_SPECIFIED", "__udp4_lib_rcv", "error"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases),   cmocka_unit_test(test_directions),
                                       cmocka_unit_test(test_entries), cmocka_unit_test(test_causes),
                                       cmocka_unit_test(test_places),  cmocka_unit_test(test_circumstances)};

    return cmocka_run_group_tests_name("drop_class", tests, NULL, NULL);
}
