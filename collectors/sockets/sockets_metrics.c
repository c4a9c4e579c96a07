/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/sockets/sockets_metrics.h"

/* See sockets_metrics.h. */

#include "collectors/meaning/remedy.h"

static const struct meaning drops = {
    .purpose = PURPOSE_LOSS,
    .stage = STAGE_TRANSPORT,
    .direction = DIRECTION_RECEIVE,
    .loss_class = LOSS_UNKNOWN,
    .subject = "udp port {local_port}",
    .cause = "receive buffer full, checksum or filter",
    .remedy = &remedies[REMEDY_SOCKET_BUFFER],
    .layer = LAYER_PROTOCOL,
    .detail = 15, /* more than what UDP counts for all ports (snmp_meaning.c) */
};

const struct metric sockets_drops_metric = {
    .name = "netdrop_udp_socket_drops_total",
    .help =
        "Datagrams that the UDP sockets of a local port dropped since the collector was opened: receive buffer "
        "full, wrong checksum, socket filter",
    .source = "SK_MEMINFO_DROPS",
    .type = METRIC_COUNTER,
    .meaning = &drops,
};

const struct metric sockets_listen_metrics[SOCKETS_LISTEN_COLUMNS] = {
    [SOCKETS_LISTEN_LENGTH] =
        {.name = "netdrop_listen_queue_length",
         .help = "Connections that wait to be accepted, of the fullest listener on the port",
         .source = "inet_diag_msg.idiag_rqueue",
         .type = METRIC_GAUGE},
    [SOCKETS_LISTEN_LIMIT] =
        {.name = "netdrop_listen_queue_limit",
         .help = "Limit of the queue of that listener: one connection more fits, the rest is dropped",
         .source = "inet_diag_msg.idiag_wqueue",
         .type = METRIC_GAUGE},
};
