/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The columns of the two tables of the sockets collector: names, help, and what drops mean. Pure data. */

#include "base/table/table.h"

enum { SOCKETS_LISTEN_LENGTH, SOCKETS_LISTEN_LIMIT, SOCKETS_LISTEN_COLUMNS };

extern const struct metric sockets_drops_metric;
extern const struct metric sockets_listen_metrics[SOCKETS_LISTEN_COLUMNS];
