/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The collector of sockets by local port: netdrop_udp_socket_drops_total, netdrop_listen_queue_*. */

#include "collectors/collector.h"

extern const struct collector sockets_collector;
