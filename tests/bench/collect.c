/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One collector's collections back to back, without the daemon around them: what to compare a bare dump with.
 * Prints the CPU nanoseconds of one collection, how many allocations all of them made, and the series. Where
 * ANSWERS are wanted too, the same of gzipped answers, each of a new snapshot, and the bytes of one.
 *
 *     collect COLLECTOR COLLECTIONS ANSWERS [KEY=VALUE...]
 *
 * Seven times as many are made, and a few before.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "collectors/collector.h"
#include "daemon/encode/answer_cache.h"
#include "daemon/run/handover_set.h"
#include "daemon/run/self_metrics.h"
#include "daemon/settings/settings.h"
#include "tests/bench/allocations.h"
#include "tests/bench/median.h"

static size_t find(const char *name)
{
    for (size_t i = 0; i < collector_count; i++)
        if (!strcmp(collectors[i]->name, name))
            return i;
    fail("no such collector");
    return 0;
}

struct collection {
    const struct collector *collector;
    struct collector_state *state;
    struct snapshot *drafts[2]; /* in turn, as the runner has them */
    unsigned turn;
};

static void collect(void *data)
{
    struct collection *collection = data;
    struct snapshot *draft = collection->drafts[collection->turn++ % 2];
    struct fault fault = {};

    snapshot_clear(draft);
    if (collection->collector->collect(collection->state, draft, &fault) < 0)
        fail(fault.text);
}

/* What the HTTP thread asks for, at every new snapshot. */
struct scrape {
    struct registry *registry;
    struct answer_cache *answers;
    struct snapshot *snapshot;
    size_t slot;
    size_t bytes;
};

static void answer(void *data)
{
    const struct answer_key key = {
        .collectors = UINT64_MAX, .exposition = EXPOSITION_OPENMETRICS, .gzip = true};
    struct scrape *scrape = data;
    const struct body *body;

    registry_publish(scrape->registry, scrape->slot, scrape->snapshot, clock_boottime_ns(),
                     clock_realtime_ns());
    body = answer_cache_get(scrape->answers, &key);
    if (!body)
        fail("no answer");
    scrape->bytes = body->size;
    answer_cache_release(body);
}

static void measure(void (*call)(void *data), void *data, unsigned count)
{
    uint64_t cost;

    for (unsigned i = 0; i < 4; i++) /* warm: rows, buffers */
        call(data);
    allocations = 0;
    cost = median_cpu_ns(call, data, count);
    printf("%llu %llu ", (unsigned long long)cost, (unsigned long long)allocations);
}

static void measure_answers(struct snapshot *snapshot, size_t slot, unsigned count)
{
    struct scrape scrape = {.snapshot = snapshot, .slot = slot};
    struct limits limits = {};
    struct self_metrics *health;
    const char *names[64]; /* one bit a collector in struct answer_key */

    for (size_t i = 0; i < collector_count; i++)
        names[i] = collectors[i]->name;
    if (registry_new(collector_count, &scrape.registry) < 0 ||
        self_metrics_new(scrape.registry, &limits, names, &health) < 0 ||
        answer_cache_new(scrape.registry, health, &scrape.answers) < 0)
        fail("answers");
    registry_enable(scrape.registry, slot, NS_PER_SECOND, 30 * NS_PER_SECOND);
    measure(answer, &scrape, count);
    printf("%zu\n", scrape.bytes);
    answer_cache_free(scrape.answers);
    self_metrics_free(health);
    registry_free(scrape.registry);
}

int main(int argc, char *argv[])
{
    struct settings_source source = {.procfs = "/proc"};
    struct collection collection = {.drafts = {snapshot_new(), snapshot_new()}};
    struct buffer messages = {};
    struct settings *settings;
    struct collector_context context;
    struct limits limits = {};
    struct handover handover = {};
    struct fault fault = {};
    size_t i;

    if (argc < 4)
        fail("collect COLLECTOR COLLECTIONS ANSWERS [KEY=VALUE...]");
    i = find(argv[1]);
    source.sets = (struct string_list){.items = &argv[4], .count = (size_t)argc - 4};
    if (settings_load(&source, &settings, &messages) < 0)
        fail(messages.data);
    collection.collector = collectors[i];
    handover_set_open_one(&handover, settings, &limits, i);
    context = settings_context(settings, i, &limits, &handover);
    if (collector_open(collectors[i], &context, &collection.state, &fault) < 0)
        fail(fault.text);
    measure(collect, &collection, (unsigned)atoi(argv[2]));
    printf("%llu\n", (unsigned long long)snapshot_series(collection.drafts[0]));
    if (atoi(argv[3]) > 0)
        measure_answers(collection.drafts[0], i, (unsigned)atoi(argv[3]));
    (void)collector_close(collectors[i], collection.state);
    handover_done(&handover);
    settings_unref(settings);
    snapshot_unref(collection.drafts[0]);
    snapshot_unref(collection.drafts[1]);
    return 0;
}
