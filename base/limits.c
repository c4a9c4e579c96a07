/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/limits.h"

/* See limits.h. */

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
        [LIMIT_QDISCS] = "qdiscs",
        [LIMIT_TREND_SERIES] = "trend_series",
        [LIMIT_PORTS] = "ports",
        [LIMIT_SOCKETS] = "sockets",
        [LIMIT_PASSWORDS] = "passwords",
    };

    return names[limit];
}
