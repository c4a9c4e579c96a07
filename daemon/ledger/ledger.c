/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/ledger/ledger.h"

/* Compares drop sites with counters of loss, and puts each lost packet into one row. Any thread, under one
 * lock. */

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "daemon/ledger/ledger_drops.h"
#include "daemon/ledger/ledger_peers.h"
#include "daemon/ledger/ledger_rows.h"
#include "daemon/ledger/ledger_sheet.h"
#include "daemon/ledger/ledger_table.h"
#include "daemon/run/snapshots.h"

struct ledger {
    const struct registry *registry;
    uint64_t explaining, counting;
    pthread_mutex_t lock; /* protects what follows */
    uint64_t generation;  /* of the registry at the last update */
    uint64_t read_ns;     /* see struct ledger_reading */
    struct ledger_names causes;
    struct ledger_drops drops;
    struct ledger_peers peers;
    struct ledger_sheet sheet;
    bool unseen;                  /* counters showed drops in other namespaces */
    struct snapshot **waiting;    /* by slot: a snapshot that waits for drops that were read after it */
    struct ledger_table tables[]; /* slots × SNAPSHOT_TABLES_MAX */
};

int ledger_new(const struct registry *registry, uint64_t explaining, uint64_t counting, struct limits *limits,
               struct ledger **ret_ledger)
{
    size_t tables = registry_count(registry) * SNAPSHOT_TABLES_MAX;
    struct ledger *ledger = calloc(1, sizeof(*ledger) + tables * sizeof(ledger->tables[0]));
    int error;

    if (!ledger)
        return -ENOMEM;
    ledger->registry = registry;
    ledger->explaining = explaining;
    ledger->counting = counting;
    ledger->generation = UINT64_MAX;
    pthread_mutex_init(&ledger->lock, NULL);
    ledger->waiting = calloc(registry_count(registry), sizeof(ledger->waiting[0]));
    error = ledger->waiting ? ledger_sheet_init(&ledger->sheet, limits) : -ENOMEM;
    if (error < 0) {
        ledger_free(ledger);
        return error;
    }
    *ret_ledger = ledger;
    return 0;
}

struct ledger *ledger_free(struct ledger *ledger)
{
    if (!ledger)
        return NULL;
    for (size_t i = 0; i < registry_count(ledger->registry) * SNAPSHOT_TABLES_MAX; i++)
        ledger_table_done(&ledger->tables[i]);
    for (size_t slot = 0; ledger->waiting && slot < registry_count(ledger->registry); slot++)
        snapshot_unref(ledger->waiting[slot]);
    free(ledger->waiting);
    ledger_sheet_done(&ledger->sheet);
    ledger_peers_done(&ledger->peers);
    ledger_drops_done(&ledger->drops);
    free(ledger->causes.texts);
    pthread_mutex_destroy(&ledger->lock);
    free(ledger);
    return NULL;
}

static bool on_told(void *data, const char *metric, uint64_t device)
{
    const struct ledger *ledger = data;

    for (size_t i = 0; i < registry_count(ledger->registry) * SNAPSHOT_TABLES_MAX; i++)
        if (ledger_table_tells(&ledger->tables[i], metric, device))
            return true;
    return false;
}

static int on_give(void *data, const struct ledger_key *key, uint64_t packets)
{
    struct ledger *ledger = data;
    int row = -1;

    return ledger_sheet_add(&ledger->sheet, key, &row, packets);
}

static void on_unseen(void *data)
{
    struct ledger *ledger = data;

    ledger->unseen = true;
}

/* Adds the drops of sites to the rows. If memory runs out, they stay owed. */
static void take_drops(struct ledger *ledger, const struct snapshot *snapshot)
{
    uint64_t before_ns = ledger->drops.ended_ns;

    if (ledger_drops_take(&ledger->drops, snapshot, &ledger->causes) < 0 ||
        ledger->drops.ended_ns == before_ns)
        return;
    for (size_t i = 0; i < ledger->drops.count; i++) {
        struct ledger_drop *drop = &ledger->drops.items[i];

        if (drop->owed && ledger_sheet_add(&ledger->sheet, &drop->key, &drop->row, drop->owed) == 0)
            drop->owed = 0;
    }
    ledger_sheet_unseen(&ledger->sheet, ledger->drops.unseen);
}

/* Returns false if no drops are known that were read after the snapshot. */
static bool settle(struct ledger *ledger, size_t slot, const struct snapshot *snapshot, bool blind)
{
    const struct ledger_drops *drops = &ledger->drops;
    const struct ledger_round round = {
        .drops = drops,
        .peers = &ledger->peers,
        .causes = &ledger->causes,
        .ended_ns = snapshot->published_ns,
        .blind = blind,
        .base = drops->before_ended_ns && drops->before_ended_ns <= snapshot->began_ns,
        .told = on_told,
        .give = on_give,
        .unseen = on_unseen,
        .data = ledger,
    };

    if (!blind && (!drops->ended_ns || drops->began_ns < snapshot->published_ns))
        return false;
    for (size_t i = 0; i < snapshot->table_count; i++)
        (void)ledger_table_settle(&ledger->tables[slot * SNAPSHOT_TABLES_MAX + i], &snapshot->tables[i],
                                  &round);
    return true;
}

/* A waiting snapshot is settled first. Otherwise, with a collector that always publishes a little after the
 * drops, none would ever be settled. */
static void settle_slot(struct ledger *ledger, size_t slot, struct snapshot *latest, bool blind)
{
    struct snapshot **waiting = &ledger->waiting[slot];

    if (*waiting && (!latest || settle(ledger, slot, *waiting, blind)))
        *waiting = snapshot_unref(*waiting);
    if (!*waiting && latest && !settle(ledger, slot, latest, blind))
        *waiting = snapshot_ref(latest);
}

/* Called for a collector that is off, has failed for long, or now has fewer tables. */
static void forget(struct ledger *ledger, size_t slot, const struct snapshot *snapshot)
{
    for (size_t i = snapshot ? snapshot->table_count : 0; i < SNAPSHOT_TABLES_MAX; i++)
        ledger_table_blind(&ledger->tables[slot * SNAPSHOT_TABLES_MAX + i]);
}

/* Returns true if nobody counts drop sites, and no collector of them is still starting. */
static bool is_blind(const struct ledger *ledger, uint64_t now_ns)
{
    for (uint64_t left = ledger->explaining; left; left &= left - 1) {
        struct freshness freshness;

        registry_freshness(ledger->registry, (size_t)__builtin_ctzll(left), now_ns, &freshness);
        if (freshness.enabled && freshness.state != COLLECTOR_UNSUPPORTED &&
            freshness.state != COLLECTOR_FAILING && freshness.state != COLLECTOR_STALE)
            return false;
    }
    return true;
}

/* Returns false if a collector of counters is off or fails. One that this kernel does not support has nothing
 * to read. */
static bool counters_are_read(const struct ledger *ledger, uint64_t now_ns)
{
    for (uint64_t left = ledger->counting; left; left &= left - 1) {
        struct freshness freshness;

        registry_freshness(ledger->registry, (size_t)__builtin_ctzll(left), now_ns, &freshness);
        if (!freshness.enabled || freshness.state == COLLECTOR_FAILING ||
            freshness.state == COLLECTOR_STUCK || freshness.state == COLLECTOR_STALE)
            return false;
    }
    return true;
}

static void take_all(struct ledger *ledger, struct snapshot *const *snapshots, size_t count, uint64_t now_ns)
{
    bool sites = false, blind;

    for (size_t slot = 0; slot < count; slot++) {
        if (!snapshots[slot])
            continue;
        if (ledger_drops_has(snapshots[slot])) {
            sites = true;
            take_drops(ledger, snapshots[slot]);
        }
        (void)ledger_peers_take(&ledger->peers, snapshots[slot]);
    }
    blind = !sites && is_blind(ledger, now_ns);
    if (!sites)
        ledger_drops_blind(&ledger->drops, blind);
    for (size_t slot = 0; slot < count; slot++) {
        forget(ledger, slot, snapshots[slot]);
        settle_slot(ledger, slot, snapshots[slot], blind);
    }
    ledger_sheet_complete(&ledger->sheet, LEDGER_SITES_NOT_COUNTED, sites);
    ledger_sheet_complete(&ledger->sheet, LEDGER_EVENTS_LOST, !ledger->drops.unseen);
    ledger_sheet_complete(&ledger->sheet, LEDGER_NAMESPACES_UNSEEN, !ledger->unseen);
    if (sites)
        ledger->read_ns = ledger->drops.ended_ns;
    else if (blind)
        ledger->read_ns = now_ns;
}

/* Takes what was published since the last update. */
static void ledger_update(struct ledger *ledger, uint64_t now_ns)
{
    _cleanup_(snapshots_done) struct snapshots snapshots = {};
    uint64_t generation = registry_generation(ledger->registry);

    pthread_mutex_lock(&ledger->lock);
    if (generation != ledger->generation) {
        registry_snapshots(ledger->registry, now_ns, &snapshots);
        take_all(ledger, snapshots.items, snapshots.count, now_ns);
        ledger->generation = generation;
    }
    pthread_mutex_unlock(&ledger->lock);
}

int ledger_read(struct ledger *ledger, uint64_t now_ns, struct ledger_reading *reading)
{
    int error;

    ledger_update(ledger, now_ns);
    pthread_mutex_lock(&ledger->lock);
    error = ledger_sheet_read(&ledger->sheet, reading);
    reading->read_ns = ledger->read_ns;
    pthread_mutex_unlock(&ledger->lock);
    return error;
}

int ledger_fill(struct ledger *ledger, uint64_t collectors, uint64_t now_ns, struct snapshot *draft)
{
    int error;

    ledger_update(ledger, now_ns);
    if (!(collectors & ledger->explaining))
        return 0;
    pthread_mutex_lock(&ledger->lock);
    ledger_sheet_complete(&ledger->sheet, LEDGER_COUNTERS_NOT_READ, counters_are_read(ledger, now_ns));
    error = ledger_sheet_fill(&ledger->sheet, draft);
    pthread_mutex_unlock(&ledger->lock);
    return error;
}
