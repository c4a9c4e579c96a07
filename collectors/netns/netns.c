/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/netns/netns.h"

/*
 * The netns collector: counters of loss of every network namespace but our own, added up by the workload that
 * is in it. Runs on the collector's own thread. namespace_scan.h says how it searches, namespace_book.h what
 * it counts. Off by default: it must see other processes, which the sandbox of the service hides.
 *
 * Counters begin at the first opening of the collector. After a reload or a failure, the next instance goes
 * on from them. Two losses are not seen: those between the last look and the end of a namespace, and those of
 * a namespace without a process (`ip netns add` alone), since its files are below a process.
 *
 * A steady-state collection renders and allocates nothing.
 */

#include <errno.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "collectors/netns/namespace_rows.h"
#include "collectors/netns/namespace_scan.h"

#define NS_PER_MS (NS_PER_SECOND / 1000)

struct collector_settings {
    uint64_t max_namespaces;
    uint64_t max_workloads;
    uint64_t max_time_ns;
};

static const struct option options[] = {
    {
        .key = "max_namespaces",
        .type = OPTION_UINT,
        .offset = offsetof(struct collector_settings, max_namespaces),
        .default_text = "256",
        .min = 1,
        .max = 4096,
        .restart = true,
        .help = "other network namespaces that are read; further ones are left out",
    },
    {
        .key = "max_workloads",
        .type = OPTION_UINT,
        .offset = offsetof(struct collector_settings, max_workloads),
        .default_text = "1000",
        .min = 1,
        .max = 100000,
        .restart = true,
        .help = "workloads with rows of their own; the rest counts in rows named other",
    },
    {
        .key = "max_time",
        .type = OPTION_DURATION,
        .offset = offsetof(struct collector_settings, max_time_ns),
        .default_text = "1s",
        .min = NS_PER_MS,
        .max = 60 * NS_PER_SECOND,
        .help = "time for reading them at each collection; the rest is read at the next one",
    },
};

struct collector_state {
    const struct collector_settings *settings;
    const atomic_bool *ending;
    struct handover *handover;
    struct namespace_book *book;
    struct namespace_scan scan;
    struct namespace_rows rows;
};

static void book_free(void *data)
{
    namespace_book_free(data);
}

static void netns_close(struct collector_state *state)
{
    namespace_scan_close(&state->scan);
    namespace_rows_done(&state->rows);
    if (state->book)
        handover_leave(state->handover, state->book, book_free);
}

/* Takes over what the last instance knew, even if the limits differ. */
static int open_book(struct collector_state *state, struct limits *limits)
{
    const struct collector_settings *settings = state->settings;

    state->book = handover_take(state->handover);
    if (state->book)
        return 0;
    return namespace_book_new(settings->max_namespaces, settings->max_workloads, limits, &state->book);
}

/* The first pass says from where to count; it has no time limit. */
static int netns_open(struct collector_state *state, const struct collector_context *context,
                      struct fault *fault)
{
    int error;

    state->settings = context->settings;
    state->ending = context->ending;
    state->handover = context->handover;
    if (open_book(state, context->limits) < 0 || namespace_rows_init(&state->rows) < 0)
        return fault_set(fault, -ENOMEM, "out of memory");
    state->scan.book = state->book;
    error = namespace_scan_open(&state->scan, context->procfs, context->limits, fault);
    if (error == 0)
        error = namespace_scan_round(&state->scan, UINT64_MAX, state->ending, fault);
    return error;
}

static void tell(const struct collector_state *state, struct fault *fault)
{
    const struct namespace_scan *scan = &state->scan;

    if (state->book->was_crowded || state->book->crowded)
        fault_note(fault, "without namespaces beyond max_namespaces (%llu)",
                   (unsigned long long)state->book->max);
    if (scan->took > 1 || scan->rounds > 1)
        fault_note(fault, "without some namespaces at times: to read all takes more than max_time (%llu ms)",
                   (unsigned long long)(state->settings->max_time_ns / NS_PER_MS));
    if (scan->refused)
        fault_note(fault, "without processes that it may not read");
}

static int netns_collect(struct collector_state *state, struct snapshot *draft, struct fault *fault)
{
    uint64_t until_ns = clock_boottime_ns() + state->settings->max_time_ns;
    int error = namespace_scan_round(&state->scan, until_ns, state->ending, fault);

    if (error < 0)
        return error;
    tell(state, fault);
    error = namespace_rows_fill(&state->rows, state->book, draft);
    return error < 0 ? fault_errno(fault, error, "netns") : 0;
}

const struct collector netns_collector = {
    .name = "netns",
    .summary = "what other network namespaces lose, by workload (/proc/PID/net)",
    .needs = "to see the processes of others: ProtectProc=default (the drop-in namespaces.conf)",
    .listens = true,
    .enabled = false,
    .interval = "5s",
    .options = OPTION_TABLE(options, struct collector_settings),
    .state_size = sizeof(struct collector_state),
    .open = netns_open,
    .collect = netns_collect,
    .close = netns_close,
};
