/*
 * One collector's collections back to back, without the daemon around them: what to compare a bare dump with.
 * Prints the CPU nanoseconds of one collection, how many allocations all of them made, and the series.
 *
 *     collect COLLECTOR COUNT [KEY=VALUE...]
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/collector.h"
#include "daemon/settings.h"
#include "tests/bench/median.h"

/* Counted by standing in front of the C library's own; the program has one thread. */
static uint64_t allocations;
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);

void *malloc(size_t size)
{
    allocations++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    allocations++;
    return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
    allocations++;
    return __libc_realloc(memory, size);
}

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
    void *state;
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

static void measure(struct collection *collection, unsigned count)
{
    uint64_t cost, series;

    for (unsigned i = 0; i < 4; i++) /* warm: rows, buffers */
        collect(collection);
    allocations = 0;
    cost = median_cpu_ns(collect, collection, count);
    series = snapshot_series(collection->drafts[0]);
    printf("%llu %llu %llu\n", (unsigned long long)cost, (unsigned long long)allocations,
           (unsigned long long)series);
}

int main(int argc, char *argv[])
{
    struct settings_source source = {.procfs = "/proc"};
    struct collection collection = {.drafts = {snapshot_new(), snapshot_new()}};
    struct buffer messages = {};
    struct settings *settings;
    struct limits limits = {};
    struct fault fault = {};
    size_t i;

    if (argc < 3)
        fail("collect COLLECTOR COUNT [KEY=VALUE...]");
    i = find(argv[1]);
    source.sets = (struct string_list){.items = &argv[3], .count = (size_t)argc - 3};
    if (settings_load(&source, &settings, &messages) < 0)
        fail(messages.data);
    collection.collector = collectors[i];
    if (collectors[i]->open(&(struct collector_context){.procfs = "/proc",
                                                        .devices = settings_devices(settings, i),
                                                        .limits = &limits},
                            settings->collectors[i], &collection.state, &fault) < 0)
        fail(fault.text);
    measure(&collection, (unsigned)atoi(argv[2]));
    collectors[i]->close(collection.state);
    settings_unref(settings);
    snapshot_unref(collection.drafts[0]);
    snapshot_unref(collection.drafts[1]);
    return 0;
}
