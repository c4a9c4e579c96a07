/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The registry: for each collector the latest snapshot and how the collector fares. Runners write, everybody
 * else reads; nothing flows back. One slot a collector, in the order of collectors[]; each slot has a lock,
 * a leaf, never held across a system call or formatting.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/table/snapshot.h"

enum health_state {
    COLLECTOR_STARTING,    /* no attempt has ended yet */
    COLLECTOR_OK,          /* the last attempt succeeded */
    COLLECTOR_FAILING,     /* the last attempt failed */
    COLLECTOR_STUCK,       /* an attempt has been going on for three intervals, and for 5 s at least */
    COLLECTOR_STALE,       /* the snapshot is too old to be served */
    COLLECTOR_UNSUPPORTED, /* absent on this kernel or without this privilege */
    COLLECTOR_STATE_COUNT
};

/* The label value: "starting", "ok", ... */
const char *health_state_name(enum health_state state);

struct registry;

int registry_new(size_t slot_count, struct registry **ret_registry); /* all slots disabled; -ENOMEM */
struct registry *registry_free(struct registry *registry);           /* accepts NULL, returns NULL */
size_t registry_count(const struct registry *registry);

/* Writers: main enables and disables, the slot's runner does the rest. `now_ns` is CLOCK_BOOTTIME. */

/* Starts a slot, or gives a running one new times: its snapshot is served on until it is too old. */
void registry_enable(struct registry *registry, size_t slot, uint64_t interval_ns, uint64_t max_age_ns);
void registry_disable(struct registry *registry, size_t slot);                /* leaves the page at once */
void registry_begin(struct registry *registry, size_t slot, uint64_t now_ns); /* an attempt begins */
/* It works, and what it says of that: what it chose and why, what it works without. Copied; at most as long
 * as a fault's text. */
void registry_note(struct registry *registry, size_t slot, const char *note);
/* An attempt ended. publish() takes a reference of the snapshot, which nobody may change from here on. */
void registry_publish(struct registry *registry, size_t slot, struct snapshot *snapshot, uint64_t now_ns,
                      uint64_t realtime_ns);
void registry_idle(struct registry *registry, size_t slot); /* it ended without a result */
void registry_fail(struct registry *registry, size_t slot, const struct fault *fault, uint64_t now_ns);

/* Readers, any thread. */

struct collector_health {
    bool enabled;
    enum health_state state;
    bool tried;           /* one attempt has ended */
    uint64_t duration_ns; /* of the last attempt that ended */
    uint64_t busy_ns;     /* of the attempt going on now; 0: idle */
    uint64_t success_ns;  /* CLOCK_REALTIME of the last success; 0: never */
    uint64_t series;      /* in the snapshot served now */
    uint64_t failures;    /* attempts that failed */
    int error;            /* negative errno of the last failure, 0 after a success */
    char reason[sizeof(((struct fault *)0)->text)]; /* of the last failure, "" after a success */
    char note[sizeof(((struct fault *)0)->text)];   /* what it said last of how it works, or "" */
};

/* Computed for this moment: a hang shows while it lasts. */
void registry_health(const struct registry *registry, size_t slot, uint64_t now_ns,
                     struct collector_health *ret_health);

/* The snapshot to serve, with a reference; NULL: none, disabled, or too old. */
struct snapshot *registry_snapshot(const struct registry *registry, size_t slot, uint64_t now_ns);

/* Moves whenever a snapshot was published or a slot enabled or disabled. */
uint64_t registry_generation(const struct registry *registry);
