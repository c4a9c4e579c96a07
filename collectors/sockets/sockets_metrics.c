/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/sockets/sockets_metrics.h"

/* The columns of the sockets collector, with their HELP and meaning. Constant data; any thread. */

#include "collectors/meaning/remedy.h"

/* Names the unit, if workloads have rows and this one has an owner. */
static void name_unit(const struct row_set *rows, size_t row, struct meaning *meaning)
{
    char first[2];

    if (row_set_label(rows, row, "unit", first, sizeof(first)) > 0)
        meaning->subject = "{unit} udp port {local_port}";
}

static const struct meaning drops = {
    .purpose = PURPOSE_LOSS,
    .stage = STAGE_TRANSPORT,
    .direction = DIRECTION_RECEIVE,
    .loss_class = LOSS_UNKNOWN,
    .subject = "udp port {local_port}",
    .cause = "receive buffer full, checksum or filter",
    .remedy = &remedies[REMEDY_SOCKET_BUFFER],
    .refine = name_unit,
};

static const struct ledger_rule drops_ledger[] = {
    {.mode = LEDGER_DETAIL,
     .by = {{"udp_receive_buffer_full", JOIN_NETNS},
            {"udp_memory_full", JOIN_NETNS},
            {"udp_checksum", JOIN_NETNS},
            {"udp_socket_filter", JOIN_NETNS}},
     .source = "net/ipv4/udp.c, net/ipv6/udp.c: freed there, wherever udp_in_errors rises for a socket"},
    {},
};

const struct metric sockets_udp_metrics[SOCKETS_UDP_COLUMNS] = {
    [SOCKETS_UDP_DROPS] =
        {.name = "netdrop_udp_socket_drops_total",
         .help = "Datagrams dropped by the UDP sockets of a local port since the collector began: receive "
                 "buffer full, wrong checksum, socket filter",
         .source = "SK_MEMINFO_DROPS",
         .type = METRIC_COUNTER,
         .from_zero = true,
         .meaning = &drops,
         .ledger = drops_ledger},
    [SOCKETS_UDP_BUFFER] = {.name = "netdrop_udp_socket_receive_buffer_bytes",
                            .help = "Receive buffer of the port's sockets, the smallest",
                            .source = "SK_MEMINFO_RCVBUF",
                            .type = METRIC_GAUGE,
                            .role = ROLE_RECEIVE_BUFFER,
                            .internal = true},
};

const struct metric sockets_buffer_metrics[SOCKETS_BUFFER_COLUMNS] = {
    [SOCKETS_BUFFER_DEFAULT] = {.name = "netdrop_socket_receive_buffer_default_bytes",
                                .help = "Receive buffer of a socket that sets none",
                                .source = "sysctl net.core.rmem_default",
                                .type = METRIC_GAUGE,
                                .role = ROLE_RECEIVE_BUFFER_DEFAULT,
                                .internal = true},
    [SOCKETS_BUFFER_LIMIT] = {.name = "netdrop_socket_receive_buffer_limit_bytes",
                              .help = "What SO_RCVBUF is cut to; the kernel then takes twice as much",
                              .source = "sysctl net.core.rmem_max",
                              .type = METRIC_GAUGE,
                              .role = ROLE_RECEIVE_BUFFER_LIMIT,
                              .internal = true},
    [SOCKETS_LISTEN_MOST] = {.name = "netdrop_socket_listen_limit_connections",
                             .help = "What listen() is cut to",
                             .source = "sysctl net.core.somaxconn",
                             .type = METRIC_GAUGE,
                             .role = ROLE_LISTEN_LIMIT_MOST,
                             .internal = true},
};

const struct metric sockets_forgotten_metric = {
    .name = "netdrop_udp_socket_drops_forgotten_total",
    .help = "Datagrams dropped at ports that have no row any more because their sockets are gone",
    .type = METRIC_COUNTER,
    .ledger = drops_ledger,
};

const struct metric sockets_listen_metrics[SOCKETS_LISTEN_COLUMNS] = {
    [SOCKETS_LISTEN_LENGTH] = {.name = "netdrop_listen_queue_length",
                               .help =
                                   "Connections that wait for accept(), at the fullest listener of the port",
                               .source = "inet_diag_msg.idiag_rqueue",
                               .type = METRIC_GAUGE,
                               .role = ROLE_LISTEN_LENGTH},
    [SOCKETS_LISTEN_LIMIT] =
        {.name = "netdrop_listen_queue_limit",
         .help = "Backlog limit of that listener; one connection more fits, further ones are dropped",
         .source = "inet_diag_msg.idiag_wqueue",
         .type = METRIC_GAUGE,
         .role = ROLE_LISTEN_LIMIT},
};
