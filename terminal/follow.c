/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "terminal/follow.h"

/* Follows records until there are enough, or a signal comes. Main thread. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "terminal/ending.h"

/* During a flood, records are overwritten at a certain pace: with longer pauses we would see fewer of
 * them. */
#define LOOK_NS (NS_PER_SECOND / 4)

struct state {
    uint64_t end_ns;  /* CLOCK_BOOTTIME */
    uint64_t packets; /* at all sites, at the last look */
    bool began;
    bool silent; /* the daemon does not answer */
};

static uint64_t all_packets(const struct records *records)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < records->site_count; i++)
        sum += records->sites[i].packets;
    return sum;
}

/* Counts drops since the last look. Those at sites that the daemon removed meanwhile are not counted. */
static void count_packets(struct follow *follow, struct state *state, const struct records *records)
{
    uint64_t packets = all_packets(records);

    if (state->began && !follow->client.anew && packets > state->packets)
        follow->dropped += packets - state->packets;
    state->packets = packets;
    state->began = true;
}

/* Writes the text. A signal that arrives meanwhile is handled by the caller's loop. */
static int flush(struct follow *follow)
{
    int error = follow->text.error;

    if (!error)
        error = ending_write(follow->ending, follow->out, follow->text.data, follow->text.size);
    buffer_clear(&follow->text);
    return error == -EINTR ? 0 : error;
}

static int pass(struct follow *follow, const struct records *records)
{
    int error = 0;

    for (size_t i = 0; i < records->count && !error && follow->passed < follow->count; i++) {
        const struct packet packet = record_packet(&records->items[i]);

        if (!filter_match(follow->filter, &packet))
            continue;
        error = follow->record(follow->context, records, &records->items[i], &follow->text);
        follow->passed += !error;
    }
    return error ? error : flush(follow);
}

/* Reports once when the service stops answering, and once when it answers again. */
static void tell_silence(struct state *state, const struct fault *fault)
{
    bool silent = fault != NULL;

    if (silent == state->silent)
        return;
    state->silent = silent;
    if (silent)
        (void)fprintf(stderr, "the service does not answer (%s); waiting for it\n", fault->text);
    else
        (void)fputs("the service answers again\n", stderr);
}

static int look(struct follow *follow, struct state *state, struct fault *fault)
{
    _cleanup_(records_freep) struct records *records = NULL;
    struct fault inner = {};
    int error = daemon_client_fetch(&follow->client, &records, &inner);

    if (error < 0 && (!state->began || (follow->own && error == -ECONNREFUSED)))
        return fault_set(fault, error, "%s%s",
                         state->began ? "the exporter that was started has ended: " : "", inner.text);
    tell_silence(state, error < 0 ? &inner : NULL);
    if (error < 0)
        return 0;
    count_packets(follow, state, records);
    error = pass(follow, records);
    return error < 0 && error != -EPIPE ? fault_errno(fault, error, "cannot write") : error;
}

static uint64_t until(const struct state *state)
{
    uint64_t now_ns = clock_boottime_ns();

    return now_ns < state->end_ns ? state->end_ns - now_ns : 0;
}

static int look_on(struct follow *follow, struct fault *fault)
{
    struct state state = {.end_ns = FOLLOW_WITHOUT_END};
    bool last = follow->for_ns == 0;

    if (follow->for_ns != FOLLOW_WITHOUT_END)
        state.end_ns = clock_boottime_ns() + follow->for_ns;
    for (;;) {
        uint64_t left_ns;
        int error = look(follow, &state, fault);

        if (error < 0 || last || follow->passed >= follow->count)
            return error;
        left_ns = until(&state);
        error = ending_wait(follow->ending, follow->out, left_ns < LOOK_NS ? left_ns : LOOK_NS);
        if (error < 0 && error != -EINTR)
            return error;
        /* Looks once more, at what has come until now. */
        last = error == -EINTR || left_ns <= LOOK_NS;
    }
}

int follow_run(struct follow *follow)
{
    struct fault fault = {};
    int error = look_on(follow, &fault);

    buffer_done(&follow->text);
    if (error < 0 && error != -EPIPE)
        (void)fprintf(stderr, "%s\n", fault.text);
    return error;
}

int follow_status(int error)
{
    return error < 0 && error != -EPIPE ? EXIT_FAILURE : EXIT_SUCCESS;
}
