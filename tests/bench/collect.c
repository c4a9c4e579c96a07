/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One collector's collections back to back, without the daemon around them: what to compare a bare dump with.
 * Prints the CPU nanoseconds of one collection, how many allocations all of them made, and the series. Where
 * ANSWERS are wanted too, the same of gzipped answers, each of a new snapshot, and the bytes of one: of those
 * under node_exporter's names, where the key web.node_exporter_path names a path. Where
 * ROUNDS are, the same of as many rounds: somebody asks, and waits until the collector's thread has
 * published.
 *
 *     collect COLLECTOR COLLECTIONS ANSWERS ROUNDS [KEY=VALUE...]
 *
 * Seven times as many are made, and a few before. With COLLECT_READY in its environment it prints "ready"
 * once the collector is open, and goes on at a line of standard input: what is counted from then on only is
 * made in between. With COLLECT_ATTACH the collections attach what they can.
 */

#include <poll.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "collectors/collector.h"
#include "daemon/encode/answer_cache.h"
#include "daemon/run/handover_set.h"
#include "daemon/run/runner.h"
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
    draft->attach = getenv("COLLECT_ATTACH");
    if (collection->collector->collect(collection->state, draft, &fault) < 0)
        fail(fault.text);
}

/* What the HTTP thread asks for, at every new snapshot. */
struct scrape {
    struct registry *registry;
    struct answer_cache *answers;
    struct snapshot *snapshot;
    size_t slot;
    bool node_exporter;
    size_t bytes;
};

static void answer(void *data)
{
    struct scrape *scrape = data;
    const struct answer_key key = {.collectors = UINT64_MAX,
                                   .exposition = EXPOSITION_OPENMETRICS,
                                   .gzip = true,
                                   .node_exporter = scrape->node_exporter};
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

static void measure_answers(struct scrape scrape, unsigned count)
{
    struct limits limits = {};
    struct self_metrics *health;
    const char *names[64]; /* one bit a collector in struct answer_key */

    for (size_t i = 0; i < collector_count; i++)
        names[i] = collectors[i]->name;
    if (registry_new(collector_count, &scrape.registry) < 0 ||
        self_metrics_new(scrape.registry, &limits, names, &health) < 0 ||
        answer_cache_new(scrape.registry, health, NULL, &scrape.answers) < 0)
        fail("answers");
    registry_enable(scrape.registry, scrape.slot, NS_PER_SECOND, 30 * NS_PER_SECOND);
    measure(answer, &scrape, count);
    printf("%zu\n", scrape.bytes);
    answer_cache_free(scrape.answers);
    self_metrics_free(health);
    registry_free(scrape.registry);
}

/* Somebody who asks each two seconds, on a clock that only he moves. */
struct kick {
    struct rounds *rounds;
    struct runner *runner;
    uint64_t slot;
    _Atomic uint64_t now_ns;
    sem_t woken;
};

static uint64_t kick_now(void *data)
{
    return atomic_load(&((struct kick *)data)->now_ns);
}

static bool kick_wait(void *data, int wake_fd, int event_fd, uint64_t until_ns)
{
    struct pollfd woken = {.fd = wake_fd, .events = POLLIN};

    (void)event_fd;
    if (kick_now(data) < until_ns)
        (void)poll(&woken, 1, -1);
    return false;
}

static void kick_call(void *data, size_t slot)
{
    (void)slot;
    runner_call(((struct kick *)data)->runner);
}

static void kick_wake(void *data)
{
    sem_post(&((struct kick *)data)->woken);
}

static void kick(void *data)
{
    struct kick *kick = data;
    uint64_t now_ns = atomic_load(&kick->now_ns) + 2 * NS_PER_SECOND;
    const struct round_demand demand = {.collectors = kick->slot};
    struct round_waiter waiter = {
        .collectors = kick->slot, .deadline_ns = UINT64_MAX, .wake = kick_wake, .data = kick};

    atomic_store(&kick->now_ns, now_ns);
    if (rounds_ask(kick->rounds, &demand, now_ns) != kick->slot)
        fail("nobody is waited for");
    rounds_wait(kick->rounds, &waiter);
    while (sem_wait(&kick->woken) < 0)
        ;
}

/* What the daemon does for a scrape, but HTTP: the runner is the collector's own thread. */
static void measure_rounds(const struct runner_job *job, size_t slot, unsigned count)
{
    static const uint64_t long_ns = 24 * 3600 * NS_PER_SECOND;
    struct kick work = {.slot = UINT64_C(1) << slot, .now_ns = NS_PER_SECOND};
    const struct runner_clock clock = {.now_ns = kick_now, .wait = kick_wait, .data = &work};
    const struct rounds_caller caller = {.call = kick_call, .data = &work};
    const struct rounds_terms terms = {.at_once = 1};
    struct collector_health health = {};
    struct registry *registry;

    if (registry_new(collector_count, &registry) < 0 || sem_init(&work.woken, 0, 0) < 0 ||
        runner_new(collectors[slot], registry, slot, &clock, &work.runner) < 0 ||
        rounds_new(registry, &caller, &terms, &work.rounds) < 0)
        fail("rounds");
    registry_enable(registry, slot, long_ns, 3 * long_ns);
    runner_rounds(work.runner, work.rounds);
    if (runner_apply(work.runner, job) < 0)
        fail("runner");
    while (!health.tried) { /* its first collection, which nobody asked for */
        nanosleep(&(struct timespec){.tv_nsec = NS_PER_SECOND / 100}, NULL);
        registry_health(registry, slot, kick_now(&work), &health);
    }
    measure(kick, &work, count);
    printf("%llu\n", (unsigned long long)health.series);
    runner_stop(work.runner);
    if (runner_join(work.runner, UINT64_MAX / 2) == 0)
        runner_free(work.runner);
    rounds_free(work.rounds);
    registry_free(registry);
}

static void wait_for_word(void)
{
    if (!getenv("COLLECT_READY"))
        return;
    (void)puts("ready");
    (void)fflush(stdout);
    if (getchar() == EOF)
        fail("nobody is there");
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

    if (argc < 5)
        fail("collect COLLECTOR COLLECTIONS ANSWERS ROUNDS [KEY=VALUE...]");
    i = find(argv[1]);
    source.sets = (struct string_list){.items = &argv[5], .count = (size_t)argc - 5};
    if (settings_load(&source, &settings, &messages) < 0)
        fail(messages.data);
    collection.collector = collectors[i];
    handover_set_open_one(&handover, settings, &limits, i);
    context = settings_context(settings, i, &limits, &handover);
    if (collector_open(collectors[i], &context, &collection.state, &fault) < 0)
        fail(fault.text);
    wait_for_word();
    measure(collect, &collection, (unsigned)atoi(argv[2]));
    printf("%llu\n", (unsigned long long)snapshot_series(collection.drafts[0]));
    if (atoi(argv[3]) > 0)
        measure_answers((struct scrape){.snapshot = collection.drafts[0],
                                        .slot = i,
                                        .node_exporter = *settings->web.node_exporter_path},
                        (unsigned)atoi(argv[3]));
    (void)collector_close(collectors[i], collection.state);
    if (atoi(argv[4]) > 0)
        measure_rounds(&(struct runner_job){.context = context, .interval_ns = 24 * 3600 * NS_PER_SECOND}, i,
                       (unsigned)atoi(argv[4]));
    handover_done(&handover);
    settings_unref(settings);
    snapshot_unref(collection.drafts[0]);
    snapshot_unref(collection.drafts[1]);
    return 0;
}
