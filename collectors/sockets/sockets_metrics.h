/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The columns of the tables of the sockets collector: names, help, and what drops mean. Constant data. */

#include "base/table/table.h"

enum { SOCKETS_UDP_DROPS, SOCKETS_UDP_BUFFER, SOCKETS_UDP_COLUMNS };
enum { SOCKETS_BUFFER_DEFAULT, SOCKETS_BUFFER_LIMIT, SOCKETS_LISTEN_MOST, SOCKETS_BUFFER_COLUMNS };
enum { SOCKETS_LISTEN_LENGTH, SOCKETS_LISTEN_LIMIT, SOCKETS_LISTEN_COLUMNS };

extern const struct metric sockets_udp_metrics[SOCKETS_UDP_COLUMNS];
extern const struct metric sockets_buffer_metrics[SOCKETS_BUFFER_COLUMNS]; /* of the host */
extern const struct metric sockets_forgotten_metric;                       /* where workloads have rows */
extern const struct metric sockets_listen_metrics[SOCKETS_LISTEN_COLUMNS];
