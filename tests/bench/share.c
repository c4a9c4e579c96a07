/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What ledger, trends and incidents cost beside a round of all collections: how large a share of its CPU
 * time, the kernel's included. All collectors that run here by default collect, one after the other; then the
 * ledger takes it in, then the trends, then a report is made of it, as the daemon does at each round. Before
 * each round packets are lost on one in LOSING interfaces, if these have no carrier (0: on none). Prints the
 * microseconds of each, the median of the rounds, and the ratios in per mille.
 *
 *     share ROUNDS LOSING [KEY=VALUE...]
 */

#include <linux/if_packet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "collectors/collector.h"
#include "daemon/incident/incidents.h"
#include "daemon/ledger/ledger.h"
#include "daemon/run/handover_set.h"
#include "daemon/settings/settings.h"
#include "daemon/trend/trend.h"
#include "tests/bench/median.h"

enum { WARM_UP = 4, LOST = 10, PART_COUNT = 4, COLLECTIONS = 0, LEDGER, TRENDS, INCIDENTS };

#define LONG_NS (24 * 3600 * NS_PER_SECOND)

struct one {
    struct handover handover;
    struct collector_state *state; /* NULL: it does not run here */
    struct snapshot *drafts[3];
};

struct share {
    struct settings *settings;
    struct registry *registry;
    struct limits limits;
    struct ledger *ledger;
    struct ledger_reading reading;
    struct trend *trend;
    struct incidents *incidents;
    struct one *all;
    uint64_t now_ns;
    unsigned turn;
    struct if_nameindex *links;
    size_t every; /* one link in so many loses; 0: none */
    int sender;
};

static uint64_t cpu_ns(void)
{
    return clock_read_ns(CLOCK_THREAD_CPUTIME_ID);
}

static void open_all(struct share *share)
{
    for (size_t i = 0; i < collector_count; i++) {
        struct one *one = &share->all[i];
        struct collector_context context;
        struct fault fault = {};

        if (!settings_collector(share->settings, i)->enabled)
            continue;
        handover_set_open_one(&one->handover, share->settings, &share->limits, i);
        context = settings_context(share->settings, i, &share->limits, &one->handover);
        if (collector_open(collectors[i], &context, &one->state, &fault) < 0) {
            fprintf(stderr, "share: without %s: %s\n", collectors[i]->name, fault.text);
            continue;
        }
        registry_enable(share->registry, i, NS_PER_SECOND, LONG_NS);
        for (size_t draft = 0; draft < 3; draft++)
            if (!(one->drafts[draft] = snapshot_new()))
                fail("out of memory");
    }
}

/* As the runners do, but one after the other. Those that explain come last, as in the daemon. */
static uint64_t collect(struct share *share, bool explaining)
{
    uint64_t begin = cpu_ns();

    for (size_t i = 0; i < collector_count; i++) {
        struct one *one = &share->all[i];
        struct snapshot *draft = one->drafts[share->turn % 3];
        struct fault fault = {};

        if (!one->state || collectors[i]->explains != explaining)
            continue;
        snapshot_clear(draft);
        registry_begin(share->registry, i, share->now_ns++);
        if (collectors[i]->collect(one->state, draft, &fault) < 0)
            fail(fault.text);
        registry_publish(share->registry, i, draft, share->now_ns++, clock_realtime_ns());
    }
    return cpu_ns() - begin;
}

/* A device without a carrier drops what is sent, and counts it. On lo, the first device, it goes through. */
static void lose(const struct share *share)
{
    static const char frame[60];

    for (size_t i = 0; share->every && share->links[i].if_name; i++) {
        const struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = (int)share->links[i].if_index};

        for (size_t k = 0; k < LOST && i % share->every == 0; k++)
            (void)sendto(share->sender, frame, sizeof(frame), 0, (const struct sockaddr *)&to, sizeof(to));
    }
}

static void measure(struct share *share, uint64_t ret_ns[PART_COUNT])
{
    uint64_t begin;

    lose(share);
    share->turn++;
    share->now_ns += TREND_STEP_NS;
    ret_ns[COLLECTIONS] = collect(share, false) + collect(share, true);
    begin = cpu_ns();
    if (ledger_read(share->ledger, share->now_ns, &share->reading) < 0)
        fail("out of memory");
    ret_ns[LEDGER] = cpu_ns() - begin;
    begin = cpu_ns();
    (void)trend_step(share->trend, share->now_ns);
    ret_ns[TRENDS] = cpu_ns() - begin;
    begin = cpu_ns();
    free(incidents_report(share->incidents, share->now_ns));
    ret_ns[INCIDENTS] = cpu_ns() - begin;
}

static int compare(const void *a, const void *b)
{
    uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;

    return (one > other) - (one < other);
}

static void print(uint64_t (*times)[PART_COUNT], size_t rounds)
{
    uint64_t median[PART_COUNT], *column = calloc(rounds, sizeof(*column));

    if (!column)
        fail("out of memory");
    for (size_t part = 0; part < PART_COUNT; part++) {
        for (size_t i = 0; i < rounds; i++)
            column[i] = times[i][part];
        qsort(column, rounds, sizeof(*column), compare);
        median[part] = column[rounds / 2];
        printf("%.1f ", (double)median[part] / 1e3);
    }
    for (size_t part = LEDGER; part < PART_COUNT; part++)
        printf("%.2f ", 1000.0 * (double)median[part] / (double)median[COLLECTIONS]);
    printf("\n");
    free(column);
}

static void share_new(struct share *share)
{
    uint64_t explaining = 0, counting = 0;

    share->all = calloc(collector_count, sizeof(*share->all));
    if (!share->all || registry_new(collector_count, &share->registry) < 0)
        fail("out of memory");
    for (size_t i = 0; i < collector_count; i++) {
        explaining |= (uint64_t)collectors[i]->explains << i;
        counting |= (uint64_t)collectors[i]->counts_losses << i;
    }
    if (trend_new(share->registry, &share->limits, &share->trend) < 0 ||
        ledger_new(share->registry, explaining, counting, &share->limits, &share->ledger) < 0 ||
        incidents_new(share->registry, share->ledger, share->trend, HOST_NETWORK_YES, share->now_ns,
                      &share->incidents) < 0)
        fail("out of memory");
    open_all(share);
}

/* The queueing discipline is bypassed: it would drop the packets before the device does. */
static void lose_from_now_on(struct share *share, size_t every)
{
    static const int yes = 1;

    share->links = if_nameindex();
    share->sender = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    share->every = every;
    if (!share->links || share->sender < 0 ||
        setsockopt(share->sender, SOL_PACKET, PACKET_QDISC_BYPASS, &yes, sizeof(yes)) < 0)
        fail("no packets can be sent");
}

static void share_done(struct share *share)
{
    for (size_t i = 0; i < collector_count; i++) {
        struct one *one = &share->all[i];

        if (one->state)
            (void)collector_close(collectors[i], one->state);
        for (size_t draft = 0; draft < 3; draft++)
            snapshot_unref(one->drafts[draft]);
        handover_done(&one->handover);
    }
    if_freenameindex(share->links);
    (void)close(share->sender);
    incidents_free(share->incidents);
    free(share->reading.items);
    ledger_free(share->ledger);
    trend_free(share->trend);
    registry_free(share->registry);
    free(share->all);
    settings_unref(share->settings);
}

int main(int argc, char *argv[])
{
    struct settings_source source = {.procfs = "/proc"};
    struct share share = {.now_ns = NS_PER_SECOND};
    struct buffer messages = {};
    size_t rounds = argc > 1 ? (size_t)atoi(argv[1]) : 0;
    uint64_t(*times)[PART_COUNT] = calloc(rounds + WARM_UP, sizeof(*times));

    if (argc < 3 || !rounds || !times)
        fail("share ROUNDS LOSING [KEY=VALUE...]");
    source.sets = (struct string_list){.items = &argv[3], .count = (size_t)argc - 3};
    if (settings_load(&source, &share.settings, &messages) < 0)
        fail(messages.data);
    share_new(&share);
    lose_from_now_on(&share, (size_t)atoi(argv[2]));
    for (size_t i = 0; i < rounds + WARM_UP; i++)
        measure(&share, times[i]);
    print(times + WARM_UP, rounds);
    share_done(&share);
    free(times);
    return 0;
}
