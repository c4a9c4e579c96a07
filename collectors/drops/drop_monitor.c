/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/drops/drop_monitor.h"

/*
 * The drop_monitor collector: where in the kernel packets are dropped, why, and on which device. A source
 * (drop_source.h) counts by addresses and numbers; here they get names, become sites (drop_table.h) and rows
 * (drop_rows.h). Runs on the collector's own thread.
 *
 * What came is read before link notifications are taken in, too: drops then carry the name that their device
 * had while they happened.
 */

#include <assert.h>
#include <errno.h>
#include <malloc.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "collectors/drops/drop_book.h"
#include "collectors/drops/drop_open.h"
#include "collectors/drops/drop_rows.h"
#include "collectors/drops/drop_source.h"
#include "collectors/drops/drop_table.h"
#include "collectors/kernel/ksyms.h"
#include "collectors/kernel/link_table.h"

struct collector_settings {
    unsigned source; /* enum drop_choice */
    uint64_t max_sites;
    bool label_offset;
};

static const char *const sources[] = {[DROP_CHOICE_AUTO] = "auto",
                                      [DROP_CHOICE_BPF] = "bpf",
                                      [DROP_CHOICE_PACKET] = "packet",
                                      [DROP_CHOICE_SUMMARY] = "summary",
                                      NULL};

static const struct option options[] = {
    {
        .key = "source",
        .type = OPTION_CHOICE,
        .offset = offsetof(struct collector_settings, source),
        .default_text = "auto",
        .choices = sources,
        .restart = true,
        .help =
            "who counts: bpf; or the kernel's drop_monitor in packet mode (reasons, but loses under floods) "
            "or summary mode (complete, but without reasons); auto: bpf where it can run, else summary",
    },
    {
        .key = "max_sites",
        .type = OPTION_UINT,
        .offset = offsetof(struct collector_settings, max_sites),
        .default_text = "1000",
        .min = 16,
        .max = 10000,
        .help = "rows of drop sites; the rest is counted in rows named other",
    },
    {
        .key = "label_offset",
        .type = OPTION_BOOL,
        .offset = offsetof(struct collector_settings, label_offset),
        .default_text = "false",
        .help = "a row for each place in a function; the offsets differ between builds of the kernel",
    },
};

struct collector_state {
    const struct device_filter *filter;
    struct handover *handover;
    bool label_offset;
    struct link_table links; /* where the source tells devices */
    uint64_t swept;          /* generation of the links that the sites were compared with */
    struct ksyms ksyms;
    struct drop_rows rows;
    struct drop_book book;
};

static void drop_monitor_close(struct collector_state *state)
{
    link_table_close(&state->links);
    ksyms_close(&state->ksyms);
    drop_rows_done(&state->rows);
    drop_book_leave(&state->book, state->handover);
}

static struct drop_options drop_options_of(const struct collector_context *context)
{
    static const enum drop_mode modes[] = {[DROP_CHOICE_AUTO] = DROP_MODE_ANY,
                                           [DROP_CHOICE_BPF] = DROP_MODE_ANY,
                                           [DROP_CHOICE_PACKET] = DROP_MODE_PACKET,
                                           [DROP_CHOICE_SUMMARY] = DROP_MODE_SUMMARY};

    return (struct drop_options){.mode = modes[context->settings->source],
                                 .max_sites = context->settings->max_sites,
                                 .limits = context->limits};
}

static int drop_monitor_open_privileged(const struct collector_context *context, struct handover *handover,
                                        struct fault *fault)
{
    struct drop_options drop_options = drop_options_of(context);

    drop_options.keep = !handover->leaving;
    return drop_open(context->settings->source, &drop_options, context->procfs, handover, fault);
}

static int symbols_adopt(struct collector_state *state, struct drop_opened *opened,
                         const struct collector_context *context)
{
    int error = ksyms_adopt(&state->ksyms, opened->kallsyms, opened->modules, context->procfs);

    if (error < 0)
        return error;
    opened->kallsyms = opened->modules = -1;
    state->ksyms.ending = context->ending;
    return 0;
}

static int drop_monitor_init(struct collector_state *state, const struct collector_context *context)
{
    const struct collector_settings *settings = context->settings;
    int error;

    state->filter = context->devices;
    state->handover = context->handover;
    state->label_offset = settings->label_offset;
    state->ksyms.fd = -1;
    error = drop_book_init(&state->book, settings->max_sites, context->limits);
    return error < 0 ? error : drop_rows_init(&state->rows, settings->label_offset);
}

static int drop_monitor_open(struct collector_state *state, const struct collector_context *context,
                             struct fault *fault)
{
    _cleanup_(drop_opened_done) struct drop_opened opened = {.kallsyms = -1, .modules = -1};
    const struct drop_options drop_options = drop_options_of(context);
    int error;

    error = drop_monitor_init(state, context);
    if (error < 0)
        return fault_errno(fault, error, "drop_monitor");
    error = drop_opened_copy(context->handover, &opened, fault);
    if (error < 0)
        return error;
    error = symbols_adopt(state, &opened, context);
    if (error < 0)
        return fault_errno(fault, error, "drop_monitor");
    error = drop_book_adopt(&state->book, context->handover, &opened, &drop_options, fault);
    if (error == 0 && state->book.source->devices)
        error = link_table_open(&state->links, context->limits, fault);
    if (error < 0)
        return error;
    (void)malloc_trim(0); /* reading the kernel's BTF took megabytes */
    return 0;
}

static bool link_exists(int ifindex, void *data)
{
    const struct collector_state *state = data;
    const struct link_table *links = &state->links;

    return link_table_find(links, ifindex) || !links->synced_ns || links->lost || links->full;
}

static const struct link *link_find(const struct collector_state *state, const char *device)
{
    const struct link_table *links = &state->links;

    for (size_t i = 0; i < links->count; i++)
        if (strcmp(links->items[i]->device, device) == 0)
            return links->items[i];
    return NULL;
}

static bool device_exists(const char *device, void *data)
{
    return link_find(data, device);
}

static_assert(DROP_NO_CARRIER == (unsigned)DROP_KEY_NO_CARRIER &&
                  DROP_TO_GROUP == (unsigned)DROP_KEY_TO_GROUP && DROP_TO_HOST == (unsigned)DROP_KEY_TO_HOST,
              "the BPF program's circumstances are those of the meanings");

static int want_symbol(struct collector_state *state, const struct drop_count *count)
{
    char text[DROP_SYMBOL_TEXT_SIZE];

    if (ksyms_find(&state->ksyms, count->location))
        return 0;
    if (state->book.source->symbol &&
        state->book.source->symbol(state->book.source_state, count->location, text))
        return ksyms_tell(&state->ksyms, count->location, text);
    return ksyms_want(&state->ksyms, count->location, count->symbol);
}

static int take_count(const struct drop_count *count, void *data)
{
    struct collector_state *state = data;
    struct drop_pending *pending;
    int error = array_grow(state->book.pending, state->book.pending_count, state->book.pending_capacity);

    if (error == 0)
        error = want_symbol(state, count);
    if (error < 0)
        return error;
    pending = &state->book.pending[state->book.pending_count++];
    *pending = (struct drop_pending){
        .location = count->location,
        .count = count->count,
        .ifindex = count->ifindex,
        .netns = count->netns,
        .protocol = count->protocol,
        .circumstances = count->circumstances,
    };
    strncat(pending->reason, count->reason, sizeof(pending->reason) - 1);
    return 0;
}

/* Names for what was read. A device that the filter leaves out, or that is gone already, has none. */
static void name_pending(const struct collector_state *state, const struct drop_pending *pending,
                         struct drop_labels *ret_labels)
{
    const struct ksym *symbol = ksyms_find(&state->ksyms, pending->location);
    const struct link *link = pending->ifindex ? link_table_find(&state->links, pending->ifindex) : NULL;
    const struct drop_meaning *meaning;

    *ret_labels = (struct drop_labels){.netns = pending->netns, .protocol = pending->protocol};
    strcpy(ret_labels->reason, pending->reason);
    if (symbol && symbol->function[0]) {
        strcpy(ret_labels->function, symbol->function);
        strcpy(ret_labels->module, symbol->module);
        ret_labels->offset = state->label_offset ? symbol->offset : 0;
    } else {
        strcpy(ret_labels->function, "unknown");
    }
    if (link && device_filter_match(state->filter, link->name, link->kind))
        strcpy(ret_labels->device, link->device);
    /* Only what makes a difference makes a row. */
    meaning = pending->circumstances
                  ? drop_meaning_find(ret_labels->reason, ret_labels->function, pending->circumstances)
                  : NULL;
    ret_labels->circumstance = meaning ? meaning->circumstance : 0;
}

/* Everything that came, into the table of sites. What fails for want of memory is tried again next time. */
static int take(struct collector_state *state, struct fault *fault)
{
    const struct drop_reader reader = {.count = take_count, .link_exists = link_exists, .data = state};
    size_t before = state->book.pending_count;
    int error = 0;

    (void)ksyms_refresh(&state->ksyms);
    for (size_t i = 0; i < before && error == 0; i++)
        error = want_symbol(state, &(struct drop_count){.location = state->book.pending[i].location});
    if (error == 0)
        error = state->book.source->read(state->book.source_state, &reader, fault);
    if (error < 0) {
        state->book.pending_count = before;
        return error;
    }
    error = ksyms_resolve(&state->ksyms);
    state->book.sites.round++;
    while (state->book.pending_count > 0 && error == 0) {
        const struct drop_pending *pending = &state->book.pending[state->book.pending_count - 1];
        struct drop_labels labels;

        name_pending(state, pending, &labels);
        error = drop_table_add(&state->book.sites, &labels, pending->count);
        if (error == 0)
            state->book.pending_count--;
    }
    return error < 0 ? fault_errno(fault, error, "drop sites") : 0;
}

static int drop_monitor_event_fd(struct collector_state *state)
{
    return state->book.source->event_fd ? state->book.source->event_fd(state->book.source_state)
                                        : link_table_fd(&state->links);
}

static int drop_monitor_event(struct collector_state *state, struct fault *fault)
{
    int error;

    if (state->book.source->event)
        return state->book.source->event(state->book.source_state, fault);
    error = state->links.lost ? 0 : take(state, fault);
    return error < 0 ? error : link_table_drain(&state->links, fault);
}

/* As the settings have it that hold now: a row has an offset, the name of a device that is looked at, or not.
 */
static void relabel(struct drop_labels *labels, void *data)
{
    const struct collector_state *state = data;
    const struct link *link = link_find(state, labels->device);

    if (!state->label_offset)
        labels->offset = 0;
    if (link && !device_filter_match(state->filter, link->name, link->kind))
        labels->device[0] = '\0';
}

static int links_follow(struct collector_state *state, struct fault *fault)
{
    int error = 0;

    if (state->book.source->devices)
        error = link_table_update(&state->links, clock_boottime_ns(), fault);
    if (error == 0)
        drop_table_merge(&state->book.sites, &state->book.before, relabel, state);
    if (error == 0 && state->swept != state->links.generation) {
        drop_table_sweep(&state->book.sites, device_exists, state);
        state->swept = state->links.generation;
    }
    return error;
}

static int drop_monitor_collect(struct collector_state *state, struct snapshot *draft, struct fault *fault)
{
    struct drop_status status;
    int error = links_follow(state, fault);

    if (error == 0)
        error = take(state, fault);
    if (error < 0)
        return error;
    state->book.source->status(state->book.source_state, &status);
    error = drop_rows_fill(&state->rows, &state->book.sites, state->book.source->name, &status, draft);
    return error < 0 ? fault_errno(fault, error, "drop_monitor") : 0;
}

const struct collector drop_monitor_collector = {
    .name = "drop_monitor",
    .summary = "where in the kernel packets are dropped, and why (BPF, or the kernel's drop_monitor)",
    .needs =
        "CAP_BPF, CAP_PERFMON (bpf) or CAP_NET_ADMIN, CAP_SYS_ADMIN and, for names, CAP_SYSLOG (drop_monitor)",
    .listens = true,
    .enabled = true,
    .interval = "1s",
    .filters_devices = true,
    .options = OPTION_TABLE(options, struct collector_settings),
    .state_size = sizeof(struct collector_state),
    .handles = drop_handle_names,
    .open_privileged = drop_monitor_open_privileged,
    .switch_off = drop_open_stop,
    .open = drop_monitor_open,
    .event_fd = drop_monitor_event_fd,
    .event = drop_monitor_event,
    .collect = drop_monitor_collect,
    .close = drop_monitor_close,
};
