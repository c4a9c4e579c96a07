/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/limits.h"

/* The names of the limits, as values of a label. Constant data; any thread. */

const char *limit_name(enum limit limit)
{
    static const char *const names[LIMIT_COUNT] = {
        [LIMIT_DEVICES] = "devices",
        [LIMIT_CONNECTIONS] = "connections",
        [LIMIT_CONNECTIONS_PER_ADDRESS] = "connections_per_address",
        [LIMIT_REQUEST_TIME] = "request_time",
        [LIMIT_RESPONSE_BYTES] = "response_bytes",
        [LIMIT_DUMP_RETRIES] = "dump_retries",
        [LIMIT_NOTIFICATIONS] = "notifications",
        [LIMIT_PROC_MALFORMED] = "proc_malformed",
        [LIMIT_NAME_COLLISION] = "name_collision",
        [LIMIT_STATISTICS] = "statistics",
        [LIMIT_DROP_SITES] = "drop_sites",
        [LIMIT_DROP_BURSTS] = "drop_bursts",
        [LIMIT_QDISCS] = "qdiscs",
        [LIMIT_TREND_SERIES] = "trend_series",
        [LIMIT_PORTS] = "ports",
        [LIMIT_SOCKETS] = "sockets",
        [LIMIT_CGROUPS] = "cgroups",
        [LIMIT_WORKLOADS] = "workloads",
        [LIMIT_NAMESPACES] = "namespaces",
        [LIMIT_NAMESPACE_NAMES] = "namespace_names",
        [LIMIT_NAMESPACE_TIME] = "namespace_time",
        [LIMIT_LEDGER_ROWS] = "ledger_rows",
        [LIMIT_PASSWORDS] = "passwords",
        [LIMIT_HANDSHAKES] = "handshakes",
    };

    return names[limit];
}
