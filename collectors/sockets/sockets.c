/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/sockets/sockets.h"

/*
 * The sockets collector: which service is too slow. Datagrams that the UDP sockets of a port dropped, and how
 * full the accept queues of the listeners on a port are, from sock_diag dumps. Runs on the collector's own
 * thread.
 *
 * The kernel leaves out for us what is no service: sockets whose port it chose itself, and ports above the
 * highest. Connected ones we leave out ourselves.
 * It still walks all UDP sockets, once for each IP version, at a tenth of a microsecond a socket; of TCP
 * listeners only. What it has to tell of costs eight times that.
 *
 * A socket may come into view with a past: one that was connected disconnects, or gives up a port of the
 * kernel's choice for one of its own. Nothing that the kernel tells of a socket says how old it is: cookies
 * are given at the first look, inode numbers in batches of each CPU. So the others are looked at too, and
 * only what they have dropped is remembered: those with a port of their own that are connected at each look,
 * the rest, which may be many, once in REST_LOOKS (a minute). Who is not known then is new, and so is all
 * that it dropped; but for one that was no service, disconnected and took a port within that time.
 *
 * A socket's own count is gone when it is closed. Ours are of ports, from the opening of the collector on,
 * and only rise: at each look what is new is added (socket_drops.h). What a socket drops between the last
 * look and its end is not seen by any: the notice that the kernel gives of the end (SKNLGRP_INET_UDP_DESTROY)
 * does not have the count (net/ipv4/inet_diag.c, inet_diag_handler_get_info()).
 *
 * The dump holds a place by number within a hash chain (net/ipv4/udp_diag.c, udp_dump()), so that a socket
 * may be missed, or told of twice, where another one of the chain opens or closes meanwhile: both do no harm.
 *
 * A steady-state collection renders and allocates nothing.
 */

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "collectors/kernel/netlink.h"
#include "collectors/sockets/socket_drops.h"
#include "collectors/sockets/socket_ports.h"
#include "collectors/sockets/sockets_metrics.h"
#include "collectors/sockets/sockets_parse.h"

/* The kernel's numbers of states (net/tcp_states.h), which its headers for programs do not have. A UDP socket
 * that is not connected is "closed". */
enum { STATE_ESTABLISHED = 1, STATE_CLOSE = 7, STATE_LISTEN = 10 };

enum { REST_LOOKS = 12 };

struct collector_settings {
    uint64_t highest_port;
    uint64_t max_ports;
};

static const struct option options[] = {
    {
        .key = "highest_port",
        .type = OPTION_UINT,
        .offset = offsetof(struct collector_settings, highest_port),
        .default_text = "32767",
        .min = 1,
        .max = UINT16_MAX,
        .help =
            "local ports above are not looked at; the default is where the kernel's ports for clients begin",
    },
    {
        .key = "max_ports",
        .type = OPTION_UINT,
        .offset = offsetof(struct collector_settings, max_ports),
        .default_text = "1000",
        .min = 1,
        .max = 2 * UINT16_MAX,
        .help = "ports with rows of their own, of UDP and of listeners each; the rest is in rows named other",
    },
};

struct collector_state {
    struct netlink netlink;
    struct limits *limits;
    struct nl_msg *request;
    struct nl_msg *rest_request; /* of those that the other leaves out */
    bool no_udp, no_tcp;         /* the kernel has no sock_diag of it */
    bool opening;                /* what has been dropped so far is not ours to count */
    unsigned looks;              /* so far; at the rest of the sockets once in REST_LOOKS */

    int (*take)(struct collector_state *state, const struct socket_report *report); /* of the dump going on */

    struct socket_drops drops;
    struct socket_ports udp;
    struct socket_ports listeners;
    size_t hint;
    struct column_set *udp_columns;
    struct column_set *listen_columns;
};

static int request_new(const uint8_t *filter, size_t size, struct nl_msg **ret_request)
{
    _cleanup_(nlmsg_freep) struct nl_msg *request = NULL;
    struct inet_diag_req_v2 query = {};

    if (netlink_message_new(SOCK_DIAG_BY_FAMILY, &query, sizeof(query), &request) < 0 ||
        nla_put(request, INET_DIAG_REQ_BYTECODE, (int)size, filter) < 0)
        return -ENOMEM;
    *ret_request = take_ptr(request);
    return 0;
}

static int make_requests(struct collector_state *state, uint16_t highest_port)
{
    uint8_t filter[SOCKETS_FILTER_SIZE], rest[SOCKETS_FILTER_REST_SIZE];
    int error;

    sockets_filter(highest_port, filter);
    sockets_filter_rest(highest_port, rest);
    error = request_new(filter, sizeof(filter), &state->request);
    return error < 0 ? error : request_new(rest, sizeof(rest), &state->rest_request);
}

static void sockets_close(struct collector_state *state)
{
    netlink_close(&state->netlink);
    nlmsg_freep(&state->request);
    nlmsg_freep(&state->rest_request);
    socket_drops_done(&state->drops);
    socket_ports_done(&state->udp);
    socket_ports_done(&state->listeners);
    column_set_unref(state->udp_columns);
    column_set_unref(state->listen_columns);
}

/* What is new of a service's socket counts; of others it is but remembered. */
static int take_drops(struct collector_state *state, const struct socket_report *report,
                      struct socket_port *port)
{
    uint32_t fresh;
    int error;

    if (!report->has_drops)
        return 0;
    error = socket_drops_take(&state->drops, report->cookie, report->drops, &fresh);
    if (error == -ENOSPC) {
        limit_hit(state->limits, LIMIT_SOCKETS);
        return 0;
    }
    if (error < 0)
        return error;
    if (port && !state->opening)
        port->values[0] += fresh;
    return 0;
}

static int take_service(struct collector_state *state, const struct socket_report *report)
{
    struct socket_port *port;

    if (report->connected)
        return take_drops(state, report, NULL);
    port = socket_ports_get(&state->udp, report->ipv6, report->port, &state->hint);
    port->has_socket = true;
    return take_drops(state, report, port);
}

static int take_rest(struct collector_state *state, const struct socket_report *report)
{
    return take_drops(state, report, NULL);
}

/* Of several listeners on a port the fullest is told of: each has a queue of its own, and where one of many
 * overflows, a sum would hide it. */
static int take_listener(struct collector_state *state, const struct socket_report *report)
{
    struct socket_port *port = socket_ports_get(&state->listeners, report->ipv6, report->port, &state->hint);

    if (!port->has_socket || report->queue_length * port->values[SOCKETS_LISTEN_LIMIT] >
                                 port->values[SOCKETS_LISTEN_LENGTH] * report->queue_limit) {
        port->values[SOCKETS_LISTEN_LENGTH] = report->queue_length;
        port->values[SOCKETS_LISTEN_LIMIT] = report->queue_limit;
    }
    port->has_socket = true;
    return 0;
}

static int take_message(const struct nlmsghdr *message, void *data)
{
    struct collector_state *state = data;
    struct socket_report report;
    int error = sockets_parse(message, &report);

    if (error < 0)
        return error == -ENODATA ? 0 : error;
    return state->take(state, &report);
}

static int dump(struct collector_state *state, struct nl_msg *request, int protocol, struct fault *fault)
{
    static const struct netlink_reader udp = {.what = "sock_diag dump of UDP", .message = take_message};
    static const struct netlink_reader tcp = {.what = "sock_diag dump of TCP", .message = take_message};
    static const uint8_t families[] = {AF_INET, AF_INET6};
    struct inet_diag_req_v2 *query = nlmsg_data(nlmsg_hdr(request));
    bool is_udp = protocol == IPPROTO_UDP;
    int error = 0;

    for (size_t i = 0; i < ELEMENTS(families) && error == 0; i++) {
        *query = (struct inet_diag_req_v2){
            .sdiag_family = families[i],
            .sdiag_protocol = (uint8_t)protocol,
            .idiag_ext = 1 << (INET_DIAG_SKMEMINFO - 1),
            .idiag_states = is_udp ? 1U << STATE_CLOSE | 1U << STATE_ESTABLISHED : 1U << STATE_LISTEN,
        };
        error = netlink_dump(&state->netlink, request, is_udp ? &udp : &tcp, state, fault);
        /* A kernel without IPv6 has the other's all the same. */
        if (error == -ENOENT && families[i] == AF_INET6)
            return 0;
    }
    return error;
}

/* Services first: what one drops until the rest is looked at must not pass for the past of a client. */
static int dump_udp(struct collector_state *state, struct fault *fault)
{
    int error;

    socket_drops_begin(&state->drops);
    socket_ports_begin(&state->udp, true);
    state->take = take_service;
    error = dump(state, state->request, IPPROTO_UDP, fault);
    if (error < 0 || state->looks++ % REST_LOOKS)
        return error;
    state->take = take_rest;
    state->drops.ahead = REST_LOOKS;
    error = dump(state, state->rest_request, IPPROTO_UDP, fault);
    state->drops.ahead = 0;
    return error;
}

static int dump_listeners(struct collector_state *state, struct fault *fault)
{
    socket_ports_begin(&state->listeners, false);
    state->take = take_listener;
    return dump(state, state->request, IPPROTO_TCP, fault);
}

/* Looks which protocols there are, and from where to count. */
static int first_look(struct collector_state *state, struct fault *fault)
{
    int error;

    state->opening = true;
    error = dump_udp(state, fault);
    state->opening = false;
    if (error < 0 && error != -ENOENT)
        return error;
    state->no_udp = error < 0;
    error = dump_listeners(state, fault);
    if (error < 0 && error != -ENOENT)
        return error;
    state->no_tcp = error < 0;
    if (!state->no_udp || !state->no_tcp)
        return 0;
    return fault_unsupported(fault, "the kernel has no sock_diag (modules inet_diag, udp_diag, tcp_diag)");
}

static int prepare(struct collector_state *state, const struct collector_settings *settings)
{
    int error;

    error = make_requests(state, (uint16_t)settings->highest_port);
    if (error < 0)
        return error;
    error = socket_ports_init(&state->udp, settings->max_ports, state->limits);
    if (error == 0)
        error = socket_ports_init(&state->listeners, settings->max_ports, state->limits);
    if (error == 0)
        error = column_set_new(&sockets_drops_metric, 1, &state->udp_columns);
    if (error == 0)
        error = column_set_new(sockets_listen_metrics, SOCKETS_LISTEN_COLUMNS, &state->listen_columns);
    return error;
}

static int sockets_open(struct collector_state *state, const struct collector_context *context,
                        struct fault *fault)
{
    int error;

    state->limits = context->limits;
    error = prepare(state, context->settings);
    if (error < 0)
        return fault_errno(fault, error, "sockets");
    error = netlink_open(NETLINK_SOCK_DIAG, context->limits, &state->netlink, fault);
    return error < 0 ? error : first_look(state, fault);
}

static int fill(struct socket_ports *ports, struct column_set *columns, struct snapshot *draft)
{
    struct table *table;
    int error = socket_ports_end(ports);

    if (error < 0)
        return error;
    table = snapshot_add_table(draft, columns, ports->rows);
    if (!table)
        return -ENOMEM;
    socket_ports_fill(ports, table, columns->count);
    return 0;
}

static int sockets_collect(struct collector_state *state, struct snapshot *draft, struct fault *fault)
{
    int error = 0;

    if (!state->no_udp)
        error = dump_udp(state, fault);
    if (error == 0 && !state->no_tcp)
        error = dump_listeners(state, fault);
    if (error < 0)
        return error;
    error = fill(&state->udp, state->udp_columns, draft);
    if (error == 0)
        error = fill(&state->listeners, state->listen_columns, draft);
    return error < 0 ? fault_errno(fault, error, "sockets") : 0;
}

const struct collector sockets_collector = {
    .name = "sockets",
    .summary = "datagrams dropped by UDP sockets, and queues of TCP listeners, by local port (sock_diag)",
    .needs = "the kernel's inet_diag, udp_diag and tcp_diag",
    .listens = true,
    .enabled = true,
    .interval = "5s",
    .options = OPTION_TABLE(options, struct collector_settings),
    .state_size = sizeof(struct collector_state),
    .open = sockets_open,
    .collect = sockets_collect,
    .close = sockets_close,
};
