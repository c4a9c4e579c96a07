/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/sockets/sockets_dump.h"

/* Asks sock_diag for sockets, one protocol after another. The sockets collector's thread. */

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/cleanup.h"

static int question_new(const uint8_t *filter, size_t size, struct nl_msg **ret_question)
{
    _cleanup_(nlmsg_freep) struct nl_msg *question = NULL;
    struct inet_diag_req_v2 query = {};

    if (netlink_message_new(SOCK_DIAG_BY_FAMILY, &query, sizeof(query), &question) < 0 ||
        nla_put(question, INET_DIAG_REQ_BYTECODE, (int)size, filter) < 0)
        return -ENOMEM;
    *ret_question = take_ptr(question);
    return 0;
}

int sockets_dump_open(struct sockets_dump *dump, uint16_t highest_port, struct limits *limits,
                      struct fault *fault)
{
    uint8_t filter[SOCKETS_FILTER_SIZE], rest[SOCKETS_FILTER_REST_SIZE];

    sockets_filter(highest_port, filter);
    sockets_filter_rest(highest_port, rest);
    if (question_new(filter, sizeof(filter), &dump->services) < 0 ||
        question_new(rest, sizeof(rest), &dump->rest) < 0)
        return fault_set(fault, -ENOMEM, "sockets: out of memory");
    return netlink_open(NETLINK_SOCK_DIAG, limits, &dump->netlink, fault);
}

void sockets_dump_close(struct sockets_dump *dump)
{
    netlink_close(&dump->netlink);
    nlmsg_freep(&dump->services);
    nlmsg_freep(&dump->rest);
}

static int take_message(const struct nlmsghdr *message, void *data)
{
    const struct sockets_dump *dump = data;
    struct socket_report report;
    int error = sockets_parse(message, &report);

    if (error < 0)
        return error == -ENODATA ? 0 : error;
    return dump->take(dump->data, &report);
}

int sockets_dump_ask(struct sockets_dump *dump, struct nl_msg *question, int protocol, struct fault *fault)
{
    static const struct netlink_reader udp = {.what = "sock_diag dump of UDP", .message = take_message};
    static const struct netlink_reader tcp = {.what = "sock_diag dump of TCP", .message = take_message};
    static const uint8_t families[] = {AF_INET, AF_INET6};
    struct inet_diag_req_v2 *query = nlmsg_data(nlmsg_hdr(question));
    bool is_udp = protocol == IPPROTO_UDP;
    int error = 0;

    for (size_t i = 0; i < ELEMENTS(families) && error == 0; i++) {
        *query = (struct inet_diag_req_v2){
            .sdiag_family = families[i],
            .sdiag_protocol = (uint8_t)protocol,
            .idiag_ext = 1 << (INET_DIAG_SKMEMINFO - 1),
            /* The state of an unconnected UDP socket is "closed". */
            .idiag_states = is_udp ? 1U << TCP_CLOSE | 1U << TCP_ESTABLISHED : 1U << TCP_LISTEN,
        };
        error = netlink_dump(&dump->netlink, question, is_udp ? &udp : &tcp, dump, fault);
        /* A kernel without IPv6 still has IPv4. */
        if (error == -ENOENT && families[i] == AF_INET6)
            return 0;
    }
    return error;
}
