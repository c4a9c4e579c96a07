/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What bringing the ledger up to date costs, at so many devices of the link collector's columns: nobody
 * loses, one in sixteen does at a drop site, and all do. CPU microseconds (the least of the rounds after the
 * first) and allocations in a hundred rounds.
 *
 *     ledger [DEVICES...]
 */

#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "collectors/link/link_columns.h"
#include "daemon/ledger/ledger.h"
#include "tests/bench/allocations.h"

enum { ROUNDS = 100, WARM_UP = 4 };

static const struct metric cause_metrics[] = {
    {.name = "skbs", .help = "", .type = METRIC_COUNTER, .role = ROLE_DROP_CAUSES, .internal = true},
    {.name = "segments",
     .help = "",
     .type = METRIC_COUNTER,
     .role = ROLE_DROP_CAUSE_SEGMENTS,
     .internal = true},
};

struct work {
    struct registry *registry;
    struct ledger *ledger;
    struct snapshot *links[2];
    struct snapshot *sites[2];
    struct limits limits;
    size_t every; /* so many devices apart are those that lose; 0: none does */
    int dropped;  /* the column */
    uint64_t now_ns;
    unsigned turn;
};

/* A row a device; of drops one cause of each. */
static struct row_set *rows_of(size_t count, bool sites)
{
    static const char *const labels[] = {"device", "kind"};
    static const char *const causes[] = {"device", "cause", "stage",     "direction",
                                         "class",  "netns", "ip_version"};
    struct row_set *rows;

    if (row_set_new(sites ? causes : labels, sites ? ELEMENTS(causes) : ELEMENTS(labels), &rows) < 0)
        abort();
    for (size_t i = 0; i < count; i++) {
        char name[32];
        const char *const link[] = {name, ""};
        const char *const cause[] = {name, "cpu_backlog_full", "ingress", "receive", "capacity", "self", "4"};

        (void)snprintf(name, sizeof(name), "eth%zu", i);
        if (row_set_add(rows, sites ? cause : link) < 0)
            abort();
    }
    row_set_seal(rows);
    return rows;
}

static void add_table(struct snapshot *drafts[2], struct column_set *columns, struct row_set *rows)
{
    for (size_t i = 0; i < 2; i++) {
        if (!drafts[i])
            drafts[i] = snapshot_new();
        if (!drafts[i] || !snapshot_add_table(drafts[i], columns, rows))
            abort();
    }
    column_set_unref(columns);
    row_set_unref(rows);
}

static void publish(struct work *work, size_t slot, struct snapshot *draft)
{
    registry_begin(work->registry, slot, work->now_ns++);
    registry_publish(work->registry, slot, draft, work->now_ns++, 1);
}

static uint64_t go_round(struct work *work)
{
    struct snapshot *links = work->links[work->turn % 2], *sites = work->sites[work->turn % 2];
    struct table *table = &links->tables[0];
    uint64_t begin;

    for (size_t row = 0; row < table->rows->count; row++) {
        bool loses = work->every && row % work->every == 0;

        for (size_t column = 0; column < table->columns->count; column++)
            table_set(table, row, column, (int)column == work->dropped && loses ? 10 * work->turn : 0);
        table_set(&sites->tables[0], row, 0, loses ? 10 * work->turn : 0);
        table_set(&sites->tables[0], row, 1, loses ? 10 * work->turn : 0);
    }
    work->turn++;
    work->now_ns += NS_PER_SECOND;
    publish(work, 0, links);
    publish(work, 1, sites);
    begin = clock_read_ns(CLOCK_PROCESS_CPUTIME_ID);
    (void)ledger_fill(work->ledger, 0, work->now_ns,
                      NULL); /* of no collector: it is only brought up to date */
    return clock_read_ns(CLOCK_PROCESS_CPUTIME_ID) - begin;
}

static void measure(size_t count, size_t every)
{
    struct work work = {.every = every, .now_ns = NS_PER_SECOND};
    struct column_set *causes;
    struct link_columns columns;
    uint64_t least = UINT64_MAX, before = 0;

    if (registry_new(2, &work.registry) < 0 || link_columns_init(&columns, LINK_COLUMNS_ALL) < 0 ||
        ledger_new(work.registry, 2, 1, &work.limits, &work.ledger) < 0 ||
        column_set_new(cause_metrics, ELEMENTS(cause_metrics), &causes) < 0)
        abort();
    for (size_t slot = 0; slot < 2; slot++)
        registry_enable(work.registry, slot, 10 * NS_PER_SECOND, 100 * NS_PER_SECOND);
    add_table(work.links, column_set_ref(columns.set), rows_of(count, false));
    add_table(work.sites, causes, rows_of(count, true));
    work.dropped = table_find_column(&work.links[0]->tables[0], "netdrop_link_receive_dropped_total");
    for (unsigned i = 0; i < WARM_UP + ROUNDS; i++) {
        uint64_t took = go_round(&work);

        if (i == WARM_UP - 1)
            before = allocations;
        least = i >= WARM_UP && took < least ? took : least;
    }
    printf("%zu devices, %s lose: %.1f us, %llu allocations\n", count,
           every == 0   ? "none"
           : every == 1 ? "all"
                        : "some",
           (double)least / 1000, (unsigned long long)(allocations - before));
}

int main(int argc, char **argv)
{
    static const size_t losing[] = {0, 16, 1};

    for (int i = 1; i < argc || i == 1; i++)
        for (size_t k = 0; k < ELEMENTS(losing); k++)
            measure(i < argc ? strtoul(argv[i], NULL, 10) : 1000, losing[k]);
    return EXIT_SUCCESS;
}
