/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The registry has the latest snapshot and the health of each collector. Runners write, everybody else reads;
 * nothing flows back. There is one slot for each collector, in the order of collectors[]. Each slot has a
 * lock, a leaf that is never held across a system call or formatting.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bell.h"
#include "base/fault.h"
#include "base/table/snapshot.h"

enum health_state {
    COLLECTOR_STARTING,    /* no attempt has ended yet */
    COLLECTOR_OK,          /* the last attempt succeeded */
    COLLECTOR_FAILING,     /* the last attempt failed */
    COLLECTOR_STUCK,       /* an attempt has been going on for 5 s */
    COLLECTOR_STALE,       /* the snapshot is too old to be served */
    COLLECTOR_UNSUPPORTED, /* absent on this kernel or without this privilege */
    COLLECTOR_STATE_COUNT
};

/* Returns the label value: "starting", "ok", ... */
const char *health_state_name(enum health_state state);

/* The result of asking for a collector whose numbers had grown old. */
enum wait_result {
    WAIT_FRESH,   /* new ones came in time */
    WAIT_LATE,    /* the reader waited, and they did not come in time */
    WAIT_SKIPPED, /* the reader did not wait */
    WAIT_RESULT_COUNT
};

/* Returns the label value: "fresh", ... */
const char *wait_result_name(enum wait_result result);

struct registry;

enum { REGISTRY_SLOTS_MAX = 64 }; /* one bit for each slot, in sets of slots */

/* Makes a registry with all slots disabled. Returns 0 or -ENOMEM. */
int registry_new(size_t slot_count, struct registry **ret_registry);
struct registry *registry_free(struct registry *registry); /* accepts NULL, returns NULL */
size_t registry_count(const struct registry *registry);

/* Makes snapshots tell since when rows count, if rows come and go. Call it before there is a runner. Returns
 * 0 or -ENOMEM. */
int registry_created(struct registry *registry);

/* Sets the bell that rings when an attempt ends in another state than the one before, or with another note.
 * Borrowed. Call it before there is a runner. */
void registry_follower(struct registry *registry, const struct bell *bell);

/* Writers: main enables and disables, the slot's runner does the rest. `now_ns` is CLOCK_BOOTTIME. */

/* Starts a slot, or gives a running one new times, and then its snapshot is still served until it is too old.
 */
void registry_enable(struct registry *registry, size_t slot, uint64_t interval_ns, uint64_t max_age_ns);
void registry_disable(struct registry *registry, size_t slot);                /* leaves the page at once */
void registry_begin(struct registry *registry, size_t slot, uint64_t now_ns); /* an attempt begins */
/* Stores the note of a working collector: what it chose and why, what it works without. Copied; at most as
 * long as the text of a fault. */
void registry_note(struct registry *registry, size_t slot, const char *note);
/* Record that an attempt ended. registry_publish() takes a reference to the snapshot, which nobody may
 * change from then on. */
void registry_publish(struct registry *registry, size_t slot, struct snapshot *snapshot, uint64_t now_ns,
                      uint64_t realtime_ns);
void registry_idle(struct registry *registry, size_t slot); /* it ended without a result */
void registry_fail(struct registry *registry, size_t slot, const struct fault *fault, uint64_t now_ns);

/* Counts that somebody asked for the collector. Any thread. */
void registry_waited(struct registry *registry, size_t slot, enum wait_result result);
void registry_waited_all(struct registry *registry, uint64_t slots, enum wait_result result); /* a bit each */

/* Readers, any thread. */

struct collector_health {
    bool enabled;
    enum health_state state;
    bool tried;           /* an attempt has ended */
    uint64_t duration_ns; /* of the last attempt that ended */
    uint64_t busy_ns;     /* of the current attempt; 0 if idle */
    uint64_t success_ns;  /* CLOCK_REALTIME of the last success; 0 if never */
    uint64_t series;      /* in the snapshot served now */
    uint64_t limited;     /* as in that snapshot; 0 without one, or where nothing is limited */
    uint64_t limit;
    uint64_t failures; /* attempts that failed */
    uint64_t waits[WAIT_RESULT_COUNT];
    int error; /* negative errno of the last failure, 0 after a success */
    char reason[sizeof(((struct fault *)0)->text)]; /* of the last failure, "" after a success */
    char note[sizeof(((struct fault *)0)->text)];   /* its last note, or "" */
};

/* Computes the health at this moment, so that a hang shows while it lasts. */
void registry_health(const struct registry *registry, size_t slot, uint64_t now_ns,
                     struct collector_health *ret_health);

/* How old a collector's numbers are. */
struct freshness {
    bool enabled;
    enum health_state state;
    uint64_t age_ns; /* UINT64_MAX if there are none */
    uint64_t interval_ns;
    bool attached; /* there is something attached to them */
};

void registry_freshness(const struct registry *registry, size_t slot, uint64_t now_ns,
                        struct freshness *ret_freshness);

/* Returns the snapshot to serve, with a reference, or NULL if there is none, it is too old, or the slot is
 * disabled. */
struct snapshot *registry_snapshot(const struct registry *registry, size_t slot, uint64_t now_ns);

/* Returns a number that changes whenever a snapshot is published or a slot is enabled or disabled. */
uint64_t registry_generation(const struct registry *registry);
