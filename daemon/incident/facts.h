/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What counters know about a loss beyond the ledger: port, queue and workload, how much traffic there was,
 * and which other counters saw the same packets. Found by the rules and meanings of the counters
 * (ledger_rule.h, meaning.h): nothing here knows a metric by its name. Any thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/incident/bursts.h"
#include "daemon/ledger/ledger_rows.h"
#include "daemon/run/snapshots.h"
#include "daemon/trend/trend.h"

enum { FACT_NAME_SIZE = 256, FACT_PORT_SIZE = 8, FACT_KIND_SIZE = 24, INCIDENT_EVIDENCE_MAX = 8 };

/* A counter that saw the same packets. */
struct incident_evidence {
    char name[160]; /* harmless */
    uint64_t count; /* of the last five minutes */
};

/* Whose network namespace. */
enum fact_namespace { FACT_OURS = 1 << 0, FACT_OTHERS = 1 << 1, FACT_NOBODYS = 1 << 2 };

/* Where it was lost beyond the device: a port, or a queueing discipline. "", NULL and 0 if not known. */
struct fact_place {
    char port[FACT_PORT_SIZE]; /* the port that lost most */
    const char *protocol;      /* of the port */
    unsigned port_count;
    char queue_kind[FACT_KIND_SIZE];
    char queue_handle[FACT_KIND_SIZE];
    char queue_parent[FACT_KIND_SIZE];
    bool queue_is_root;
};

/* The limit that it ran into. */
struct fact_limit {
    const struct meaning_limit *of; /* NULL if none is known, or can be read */
    uint64_t now, most;
};

/* What is known about one loss. Names are as the kernel and the system have them, so they are not harmless.
 * Plain data, copied. */
struct facts {
    /* Which loss it is. */
    struct ledger_key key;
    char device[LEDGER_DEVICE_SIZE]; /* the only or the first device; "" if none of our own namespace */
    unsigned device_count;           /* how many there are */

    /* What was found; 0, NAN or "" if nothing was. */
    struct fact_place place;
    double port_drops, queue_drops;
    unsigned elsewhere;        /* without a device: enum fact_namespace, or'ed; 0 if not known */
    char unit[FACT_NAME_SIZE]; /* a unit, or "container 0123456789ab" */
    double skbs;               /* counted by its drop sites in the last five minutes */
    double traffic;      /* packets a second now; `traffic_before` says whether lost ones are included */
    uint64_t traffic_ns; /* the time over which it was measured */
    double lost_rate;    /* packets a second lost over the same time; the owner fills it in */
    bool traffic_before; /* the traffic includes what was lost */
    const struct meaning
        *traffic_meaning;          /* of the last counter of traffic that was seen; NULL if none was */
    const struct meaning *meaning; /* of the counter that saw most of the loss; NULL if none has a meaning */
    double meaning_count;
    char counter_words[160]; /* what that counter says of a loss that no drop site explains */
    char reason[64];         /* of the site that counted most */
    char function[64];       /* the same */
    double site_count;
    const struct ledger_rule *own; /* of the counter that makes the ledger's row; NULL if drop sites do */
    struct incident_evidence evidence[INCIDENT_EVIDENCE_MAX];
    size_t evidence_count; /* the greatest come first */
    struct bursts bursts;  /* of its class on its device, if it is on one */
    bool recorded;         /* packets of its cause are recorded, whoever they belong to */
    uint64_t buffer, buffer_default, buffer_limit; /* of the port's sockets, and of the host; bytes */
    uint64_t listen_most; /* what listen() is cut to; 0 if not known, or if no listener is full */
    struct fact_limit limit;
};

/* Prepares the facts of a loss for facts_find(). */
void facts_init(struct facts *facts, const struct ledger_key *key, const char *device, unsigned device_count);

struct known_sites;

/* Finds what there is of all of them, by the trends as they are. */
void facts_find(struct facts *facts, size_t count, const struct snapshots *snapshots, struct trend *trend,
                struct known_sites *sites);
