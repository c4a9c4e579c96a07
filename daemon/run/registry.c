/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/run/registry.h"

/*
 * Keeps the latest snapshot and the health of each collector. Any thread. The locks are leaves: only copying
 * and reference counting happens under them.
 */

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "daemon/run/created_times.h"

enum { INTERVALS_UNTIL_STALE = 3 };

#define STUCK_AFTER_NS (5 * NS_PER_SECOND)

struct slot {
    pthread_mutex_t lock;
    bool enabled;
    bool tried;
    bool failed;      /* at the last attempt */
    bool unsupported; /* at the last attempt */
    uint64_t interval_ns;
    uint64_t max_age_ns;
    uint64_t busy_since_ns; /* CLOCK_BOOTTIME; 0: idle */
    uint64_t tried_ns;      /* CLOCK_BOOTTIME of the first attempt; 0 if there was none */
    uint64_t duration_ns;
    uint64_t published_ns; /* CLOCK_BOOTTIME */
    uint64_t success_ns;   /* CLOCK_REALTIME */
    uint64_t failures;
    uint64_t series;
    _Atomic uint64_t waits[WAIT_RESULT_COUNT]; /* not under the lock */
    struct created_times *created;             /* the writer's own; NULL if not wanted */
    struct snapshot *latest;
    int error;
    char reason[sizeof(((struct fault *)0)->text)];
    char note[sizeof(((struct fault *)0)->text)];
};

struct registry {
    size_t count;
    const struct bell *follower;
    _Atomic uint64_t generation;
    struct slot slots[];
};

const char *health_state_name(enum health_state state)
{
    static const char *const names[COLLECTOR_STATE_COUNT] = {
        [COLLECTOR_STARTING] = "starting", [COLLECTOR_OK] = "ok",
        [COLLECTOR_FAILING] = "failing",   [COLLECTOR_STUCK] = "stuck",
        [COLLECTOR_STALE] = "stale",       [COLLECTOR_UNSUPPORTED] = "unsupported",
    };

    return names[state];
}

const char *wait_result_name(enum wait_result result)
{
    static const char *const names[WAIT_RESULT_COUNT] = {
        [WAIT_FRESH] = "fresh", [WAIT_LATE] = "late", [WAIT_SKIPPED] = "skipped"};

    return names[result];
}

int registry_new(size_t slot_count, struct registry **ret_registry)
{
    struct registry *registry = calloc(1, sizeof(*registry) + slot_count * sizeof(registry->slots[0]));

    assert(slot_count <= REGISTRY_SLOTS_MAX);
    if (!registry)
        return -ENOMEM;
    registry->count = slot_count;
    for (size_t i = 0; i < slot_count; i++)
        pthread_mutex_init(&registry->slots[i].lock, NULL);
    *ret_registry = registry;
    return 0;
}

struct registry *registry_free(struct registry *registry)
{
    if (!registry)
        return NULL;
    for (size_t i = 0; i < registry->count; i++) {
        snapshot_unref(registry->slots[i].latest);
        created_times_free(registry->slots[i].created);
        pthread_mutex_destroy(&registry->slots[i].lock);
    }
    free(registry);
    return NULL;
}

size_t registry_count(const struct registry *registry)
{
    return registry->count;
}

int registry_created(struct registry *registry)
{
    for (size_t i = 0; i < registry->count; i++) {
        registry->slots[i].created = created_times_new();
        if (!registry->slots[i].created)
            return -ENOMEM;
    }
    return 0;
}

void registry_follower(struct registry *registry, const struct bell *bell)
{
    registry->follower = bell;
}

static void unlockp(pthread_mutex_t **lock)
{
    pthread_mutex_unlock(*lock);
}

/* Locks a slot until the end of the scope. Readers have a const registry: a lock is not part of its value. */
#define SLOT_LOCK(slot)                                                                                      \
    _cleanup_(unlockp) pthread_mutex_t *lock_ = (pthread_mutex_t *)&(slot)->lock;                            \
    pthread_mutex_lock(lock_)

static void registry_changed(struct registry *registry)
{
    atomic_fetch_add_explicit(&registry->generation, 1, memory_order_release);
}

void registry_enable(struct registry *registry, size_t index, uint64_t interval_ns, uint64_t max_age_ns)
{
    struct slot *slot = &registry->slots[index];
    uint64_t least_age_ns = INTERVALS_UNTIL_STALE * interval_ns;
    SLOT_LOCK(slot);

    if (!slot->enabled)
        slot->tried = slot->failed = slot->unsupported = false;
    slot->enabled = true;
    slot->interval_ns = interval_ns;
    slot->max_age_ns = max_age_ns > least_age_ns ? max_age_ns : least_age_ns;
    registry_changed(registry);
}

void registry_disable(struct registry *registry, size_t index)
{
    struct slot *slot = &registry->slots[index];
    struct snapshot *latest;

    {
        SLOT_LOCK(slot);
        latest = take_ptr(slot->latest);
        slot->enabled = false;
        registry_changed(registry);
    }
    snapshot_unref(latest); /* frees memory, so not under the lock */
}

void registry_begin(struct registry *registry, size_t index, uint64_t now_ns)
{
    struct slot *slot = &registry->slots[index];
    SLOT_LOCK(slot);

    slot->busy_since_ns = now_ns;
    if (!slot->tried_ns)
        slot->tried_ns = now_ns;
}

void registry_note(struct registry *registry, size_t index, const char *note)
{
    struct slot *slot = &registry->slots[index];
    bool other;

    {
        SLOT_LOCK(slot);
        other = strncmp(slot->note, note, sizeof(slot->note) - 1) != 0;
        slot->note[0] = '\0';
        strncat(slot->note, note, sizeof(slot->note) - 1);
    }
    if (other)
        bell_ring(registry->follower);
}

void registry_idle(struct registry *registry, size_t index)
{
    struct slot *slot = &registry->slots[index];
    SLOT_LOCK(slot);

    slot->busy_since_ns = 0;
}

/* Returns true if the state of the slot changed. */
static bool slot_end(struct slot *slot, bool failed, bool unsupported, uint64_t now_ns)
{
    uint64_t duration_ns = now_ns - slot->busy_since_ns;
    bool other = !slot->tried || slot->failed != failed || slot->unsupported != unsupported ||
                 duration_ns >= STUCK_AFTER_NS;

    slot->duration_ns = duration_ns;
    slot->busy_since_ns = 0;
    slot->tried = true;
    slot->failed = failed;
    slot->unsupported = unsupported;
    return other;
}

void registry_publish(struct registry *registry, size_t index, struct snapshot *snapshot, uint64_t now_ns,
                      uint64_t realtime_ns)
{
    struct slot *slot = &registry->slots[index];
    uint64_t series = snapshot_series(snapshot);
    struct snapshot *previous;
    bool other;

    snapshot->began_ns = slot->busy_since_ns; /* only this thread writes it */
    snapshot->published_ns = now_ns;
    created_times_put(slot->created, snapshot, slot->tried_ns, realtime_ns);
    {
        SLOT_LOCK(slot);
        other = slot_end(slot, false, false, now_ns);
        if (!slot->enabled) /* it was disabled during the collection */
            return;
        previous = slot->latest;
        slot->latest = snapshot_ref(snapshot);
        slot->published_ns = now_ns;
        slot->success_ns = realtime_ns;
        slot->series = series;
        slot->error = 0;
        slot->reason[0] = '\0';
        registry_changed(registry);
    }
    snapshot_unref(previous);
    if (other)
        bell_ring(registry->follower);
}

void registry_fail(struct registry *registry, size_t index, const struct fault *fault, uint64_t now_ns)
{
    struct slot *slot = &registry->slots[index];
    bool other;

    {
        SLOT_LOCK(slot);
        other = slot_end(slot, true, fault->unsupported, now_ns);
        if (!fault->unsupported)
            slot->failures++;
        slot->error = fault->error;
        memcpy(slot->reason, fault->text, sizeof(slot->reason));
    }
    if (other)
        bell_ring(registry->follower);
}

void registry_waited(struct registry *registry, size_t index, enum wait_result result)
{
    atomic_fetch_add_explicit(&registry->slots[index].waits[result], 1, memory_order_relaxed);
}

void registry_waited_all(struct registry *registry, uint64_t slots, enum wait_result result)
{
    for (; slots; slots &= slots - 1)
        registry_waited(registry, (size_t)__builtin_ctzll(slots), result);
}

static bool slot_stale(const struct slot *slot, uint64_t now_ns)
{
    return slot->latest && now_ns > slot->published_ns + slot->max_age_ns;
}

static enum health_state slot_state(const struct slot *slot, uint64_t busy_ns, uint64_t now_ns)
{
    if (busy_ns >= STUCK_AFTER_NS)
        return COLLECTOR_STUCK;
    if (!slot->tried)
        return COLLECTOR_STARTING;
    if (slot->unsupported)
        return COLLECTOR_UNSUPPORTED;
    if (slot_stale(slot, now_ns))
        return COLLECTOR_STALE;
    return slot->failed ? COLLECTOR_FAILING : COLLECTOR_OK;
}

/* Returns the time since then, or 0: the writer may have read its clock a little later than the reader. */
static uint64_t since(uint64_t then_ns, uint64_t now_ns)
{
    return now_ns > then_ns ? now_ns - then_ns : 0;
}

static uint64_t slot_busy_ns(const struct slot *slot, uint64_t now_ns)
{
    return slot->busy_since_ns ? since(slot->busy_since_ns, now_ns) : 0;
}

void registry_freshness(const struct registry *registry, size_t index, uint64_t now_ns,
                        struct freshness *ret_freshness)
{
    const struct slot *slot = &registry->slots[index];
    SLOT_LOCK(slot);

    *ret_freshness = (struct freshness){
        .enabled = slot->enabled,
        .state = slot_state(slot, slot_busy_ns(slot, now_ns), now_ns),
        .age_ns = slot->latest ? since(slot->published_ns, now_ns) : UINT64_MAX,
        .interval_ns = slot->interval_ns,
        .attached = slot->latest && slot->latest->attachment,
    };
}

void registry_health(const struct registry *registry, size_t index, uint64_t now_ns,
                     struct collector_health *ret_health)
{
    const struct slot *slot = &registry->slots[index];
    SLOT_LOCK(slot);

    *ret_health = (struct collector_health){
        .enabled = slot->enabled,
        .tried = slot->tried,
        .duration_ns = slot->duration_ns,
        .success_ns = slot->success_ns,
        .failures = slot->failures,
        .error = slot->error,
    };
    ret_health->busy_ns = slot_busy_ns(slot, now_ns);
    ret_health->state = slot_state(slot, ret_health->busy_ns, now_ns);
    if (slot->latest && !slot_stale(slot, now_ns)) {
        ret_health->series = slot->series;
        ret_health->limited = slot->latest->limited;
        ret_health->limit = slot->latest->limit;
    }
    for (size_t i = 0; i < WAIT_RESULT_COUNT; i++)
        ret_health->waits[i] = atomic_load_explicit(&slot->waits[i], memory_order_relaxed);
    memcpy(ret_health->reason, slot->reason, sizeof(slot->reason));
    memcpy(ret_health->note, slot->note, sizeof(slot->note));
}

struct snapshot *registry_snapshot(const struct registry *registry, size_t index, uint64_t now_ns)
{
    const struct slot *slot = &registry->slots[index];
    SLOT_LOCK(slot);

    if (!slot->latest || slot_stale(slot, now_ns))
        return NULL;
    return snapshot_ref(slot->latest);
}

uint64_t registry_generation(const struct registry *registry)
{
    return atomic_load_explicit(&registry->generation, memory_order_acquire);
}
