/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a step of the trends costs, a reader's pick of the 256 worst, the report of incidents, and the page
 * that is made of all, with 50 interfaces and with all, at so many devices of the link collector's columns:
 * all carry packets both ways and have a ring, and one in LOSING loses (16; 0: none does). CPU microseconds
 * (the least of the steps after the first five minutes), allocations in a hundred steps, bytes in use, and
 * bytes of the page.
 *
 *     LOSING=16 trend [DEVICES...]
 */

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "collectors/link/link_columns.h"
#include "daemon/ledger/ledger.h"
#include "daemon/page/page.h"
#include "daemon/trend/trend.h"
#include "tests/bench/allocations.h"

enum { STEPS = 100 };

struct work {
    struct registry *registry;
    struct trend *trend;
    struct snapshot *drafts[2];
    struct ledger *ledger;
    struct ledger_reading reading;
    uint64_t now_ns;
    unsigned turn;
    unsigned losing;
    int lost; /* the column */
    struct trend_line *lines;
    struct page page;
    struct buffer body;
};

static const struct metric ring_metrics[] = {
    {.name = "netdrop_nic_ring_entries", .help = "", .type = METRIC_GAUGE},
    {.name = "netdrop_nic_ring_entries_limit", .help = "", .type = METRIC_GAUGE},
};

/* A row a device. */
static void add_table(struct snapshot *snapshot, struct column_set *columns, size_t count, const char *label,
                      const char *value)
{
    struct row_set *rows;

    if (row_set_new((const char *const[]){"device", label}, 2, &rows) < 0)
        abort();
    for (size_t i = 0; i < count; i++) {
        char name[32];

        (void)snprintf(name, sizeof(name), "eth%zu", i);
        (void)row_set_add(rows, (const char *const[]){name, value});
    }
    row_set_seal(rows);
    if (!snapshot_add_table(snapshot, columns, rows))
        abort();
    row_set_unref(rows);
}

static struct snapshot *snapshot_of_links(size_t count)
{
    struct snapshot *snapshot = snapshot_new();
    struct link_columns columns;
    struct column_set *rings;

    if (!snapshot || link_columns_init(&columns, LINK_COLUMNS_ALL) < 0 ||
        column_set_new(ring_metrics, ELEMENTS(ring_metrics), &rings) < 0)
        abort();
    add_table(snapshot, columns.set, count, "kind", "");
    add_table(snapshot, rings, count, "direction", "receive");
    column_set_unref(rings);
    link_columns_done(&columns);
    return snapshot;
}

/* The rows are shared, as a collector shares them as long as no device comes or goes. */
static struct snapshot *snapshot_like(const struct snapshot *other)
{
    struct snapshot *snapshot = snapshot_new();

    for (size_t i = 0; i < other->table_count; i++)
        if (!snapshot || !snapshot_add_table(snapshot, other->tables[i].columns, other->tables[i].rows))
            abort();
    return snapshot;
}

static uint64_t step(struct work *work)
{
    struct snapshot *draft = work->drafts[work->turn++ % 2];
    struct table *table = &draft->tables[0];
    uint64_t begin;

    work->now_ns += TREND_STEP_NS;
    for (size_t i = 0; i < table->rows->count * table->columns->count; i++) {
        size_t row = i / table->columns->count, column = i % table->columns->count;
        bool moves = column < 2 || ((int)column == work->lost && work->losing && row % work->losing == 0);

        table_set(table, row, column, moves ? work->turn * 1000 : 0);
    }
    for (size_t i = 0; i < 2 * table->rows->count; i++)
        table_set(&draft->tables[1], i / 2, i % 2, 4096);
    registry_begin(work->registry, 0, work->now_ns);
    registry_publish(work->registry, 0, draft, work->now_ns, work->now_ns);
    begin = clock_read_ns(CLOCK_PROCESS_CPUTIME_ID);
    (void)ledger_read(work->ledger, work->now_ns, &work->reading);
    (void)trend_step(work->trend, work->now_ns);
    return clock_read_ns(CLOCK_PROCESS_CPUTIME_ID) - begin;
}

static uint64_t pick(struct work *work)
{
    const struct trend_question question = {.purposes = PURPOSE_LOSS, .points = TREND_POINTS_A_MINUTE};
    uint64_t begin = clock_read_ns(CLOCK_PROCESS_CPUTIME_ID);

    (void)trend_select(work->trend, &question, work->lines, TREND_LINES_MAX);
    return clock_read_ns(CLOCK_PROCESS_CPUTIME_ID) - begin;
}

/* As at each step of the main loop: with a reading, and with trends that have moved. */
static uint64_t tell(struct work *work)
{
    uint64_t begin;

    (void)step(work);
    begin = clock_read_ns(CLOCK_PROCESS_CPUTIME_ID);
    free(incidents_report(work->page.incidents, work->now_ns));
    return clock_read_ns(CLOCK_PROCESS_CPUTIME_ID) - begin;
}

static uint64_t render(struct work *work, bool all_interfaces)
{
    uint64_t begin = clock_read_ns(CLOCK_PROCESS_CPUTIME_ID);

    buffer_clear(&work->body);
    if (page_render(&work->page, all_interfaces, work->now_ns, &work->body) < 0)
        abort();
    return clock_read_ns(CLOCK_PROCESS_CPUTIME_ID) - begin;
}

static uint64_t render_some(struct work *work)
{
    return render(work, false);
}

static uint64_t render_all(struct work *work)
{
    return render(work, true);
}

static uint64_t least(struct work *work, uint64_t (*measure)(struct work *work))
{
    uint64_t least = UINT64_MAX;

    for (unsigned i = 0; i < STEPS; i++) {
        uint64_t took = measure(work);

        least = took < least ? took : least;
    }
    return least;
}

static void report(size_t devices)
{
    struct limits limits = {};
    const char *losing = getenv("LOSING");
    struct work work = {.lines = calloc(TREND_LINES_MAX, sizeof(*work.lines)),
                        .losing = losing ? (unsigned)atoi(losing) : 16,
                        .now_ns = NS_PER_SECOND};
    uint64_t step_ns, pick_ns, tell_ns, some_ns, all_ns, before;
    size_t bytes, some_bytes;

    work.drafts[0] = snapshot_of_links(devices);
    work.drafts[1] = snapshot_like(work.drafts[0]);
    work.lost = table_find_column(&work.drafts[0]->tables[0], "netdrop_link_receive_missed_total");
    if (!work.lines || registry_new(1, &work.registry) < 0)
        abort();
    registry_enable(work.registry, 0, TREND_STEP_NS, 0);
    bytes = mallinfo2().uordblks + mallinfo2().hblkhd;
    if (trend_new(work.registry, &limits, &work.trend) < 0 ||
        ledger_new(work.registry, 0, 0, &limits, &work.ledger) < 0) /* nobody counts drop sites */
        abort();
    for (unsigned i = 0; i < TREND_POINTS; i++)
        (void)step(&work);
    bytes = mallinfo2().uordblks + mallinfo2().hblkhd - bytes;
    before = allocations;
    step_ns = least(&work, step);
    before = allocations - before;
    pick_ns = least(&work, pick);
    work.page = (struct page){
        .registry = work.registry, .trend = work.trend, .limits = &limits, .telemetry_path = "/metrics"};
    if (incidents_new(work.registry, work.ledger, work.trend, HOST_NETWORK_YES, work.now_ns,
                      &work.page.incidents) < 0)
        abort();
    tell_ns = least(&work, tell);
    some_ns = least(&work, render_some);
    some_bytes = work.body.size;
    all_ns = least(&work, render_all);
    printf("%8zu %8.0f %8.0f %8.0f %12llu %9zu %8.0f %8zu %8.0f %8zu\n", devices, (double)step_ns / 1e3,
           (double)pick_ns / 1e3, (double)tell_ns / 1e3, (unsigned long long)before, bytes,
           (double)some_ns / 1e3, some_bytes, (double)all_ns / 1e3, work.body.size);
    buffer_done(&work.body);
    incidents_free(work.page.incidents);
    free(work.reading.items);
    ledger_free(work.ledger);
    trend_free(work.trend);
    registry_free(work.registry);
    snapshot_unref(work.drafts[0]);
    snapshot_unref(work.drafts[1]);
    free(work.lines);
}

int main(int argc, char *argv[])
{
    printf("%8s %8s %8s %8s %12s %9s %8s %8s %8s %8s\n", "devices", "step us", "pick us", "tell us",
           "allocations", "bytes", "page us", "bytes", "all us", "bytes");
    for (int i = 1; i < argc; i++)
        report((size_t)atoi(argv[i]));
    return 0;
}
