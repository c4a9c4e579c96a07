/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The limits on everything that comes from outside, named in one place. Reaching one is never silent: it
 * counts in netdrop_limit_hits_total{limit}. Counters are atomic; any thread may count and read.
 */

#include <stdatomic.h>
#include <stdint.h>

enum limit {
    LIMIT_DEVICES,                 /* devices a collector keeps; the rest is left out */
    LIMIT_CONNECTIONS,             /* open HTTP connections; the excess is closed */
    LIMIT_CONNECTIONS_PER_ADDRESS, /* the same for one client address */
    LIMIT_REQUEST_TIME,            /* a request not finished in time; its connection is closed */
    LIMIT_RESPONSE_BYTES,          /* answers held by slow readers; the oldest reader is closed */
    LIMIT_DUMP_RETRIES,            /* inconsistent netlink dumps (NLM_F_DUMP_INTR) in a row */
    LIMIT_NOTIFICATIONS,           /* netlink notifications lost (ENOBUFS); resynchronised */
    LIMIT_PROC_MALFORMED,          /* readable text of /proc not as the kernel writes it; left out */
    LIMIT_NAME_COLLISION,          /* a protocol counter whose name is taken; left out */
    LIMIT_STATISTICS,              /* private statistics of a NIC; the rest is left out */
    LIMIT_DROP_SITES,   /* rows of drop sites of devices that are there; the rest is in `other` rows */
    LIMIT_QDISCS,       /* queueing disciplines; the rest is left out */
    LIMIT_TREND_SERIES, /* series that move and have a history; the rest has none */
    LIMIT_PORTS,        /* local ports with rows; the rest is in rows named `other` */
    LIMIT_SOCKETS,      /* sockets whose drops are remembered; those of the rest are not counted */
    LIMIT_PASSWORDS,    /* passwords not looked at, so soon after a wrong one */
    LIMIT_COUNT
};

enum {
    DEVICES_MAX = 65536,
    DUMP_RETRIES_MAX = 5,
};

struct limits {
    _Atomic uint64_t hits[LIMIT_COUNT];
};

/* The label value: "devices", "connections_per_address", ... */
const char *limit_name(enum limit limit);

static inline void limit_hit(struct limits *limits, enum limit limit)
{
    atomic_fetch_add_explicit(&limits->hits[limit], 1, memory_order_relaxed);
}
