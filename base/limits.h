/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The limits on everything that comes from outside, named in one place. No limit is silent: each time it is
 * reached counts in netdrop_limit_hits_total{limit}. Counters are atomic; any thread may count and read.
 */

#include <stdatomic.h>
#include <stdint.h>

enum limit {
    LIMIT_DEVICES,                 /* devices that a collector keeps; further ones are left out */
    LIMIT_CONNECTIONS,             /* open HTTP connections; further ones are closed */
    LIMIT_CONNECTIONS_PER_ADDRESS, /* open HTTP connections of one client address */
    LIMIT_REQUEST_TIME,            /* a request that was not finished in time; its connection is closed */
    LIMIT_RESPONSE_BYTES,          /* answers held by slow readers; the oldest reader is closed */
    LIMIT_DUMP_RETRIES,            /* inconsistent netlink dumps (NLM_F_DUMP_INTR) in a row */
    LIMIT_NOTIFICATIONS,           /* netlink notifications lost (ENOBUFS); resynchronised */
    LIMIT_PROC_MALFORMED,          /* text of /proc in an unknown format; left out */
    LIMIT_NAME_COLLISION,          /* a protocol counter whose name is taken; left out */
    LIMIT_STATISTICS,              /* driver statistics of a NIC; further ones are left out */
    LIMIT_DROP_SITES,              /* rows of drop sites; further sites count in `other` rows */
    LIMIT_DROP_BURSTS,  /* classes and devices with rows of bursts; further ones count in `other` rows */
    LIMIT_QDISCS,       /* queueing disciplines; further ones are left out */
    LIMIT_TREND_SERIES, /* moving series with a history; further ones have none */
    LIMIT_PORTS,        /* local ports with rows; further ones count in `other` rows */
    LIMIT_SOCKETS,      /* sockets whose drops are remembered; drops of further ones are not counted */
    LIMIT_CGROUPS,      /* control groups that are known or searched; sockets of further ones have no owner */
    LIMIT_WORKLOADS,    /* workloads with rows; further ones count in `other` rows, or as no owner */
    LIMIT_NAMESPACES,   /* other network namespaces that are read; further ones are left out */
    LIMIT_NAMESPACE_NAMES, /* namespaces with known names; drops in further ones have no name */
    LIMIT_NAMESPACE_TIME,  /* time to read namespaces; the rest is read next time */
    LIMIT_LEDGER_ROWS,     /* causes of loss with rows; further ones count in `other` rows */
    LIMIT_PASSWORDS,       /* passwords not checked because a wrong one came just before */
    LIMIT_HANDSHAKES,      /* TLS handshakes ended because others just before led to nothing */
    LIMIT_COUNT
};

enum {
    DEVICES_MAX = 65536,
    DUMP_RETRIES_MAX = 5,
};

struct limits {
    _Atomic uint64_t hits[LIMIT_COUNT];
};

/* Returns the label value: "devices", "connections_per_address", ... */
const char *limit_name(enum limit limit);

static inline void limit_hit(struct limits *limits, enum limit limit)
{
    atomic_fetch_add_explicit(&limits->hits[limit], 1, memory_order_relaxed);
}
