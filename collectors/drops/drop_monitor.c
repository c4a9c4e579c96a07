/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/drops/drop_monitor.h"

/*
 * The drop_monitor collector: where in the kernel packets are dropped, why, and on which device. A source
 * (drop_source.h) counts by addresses and numbers; they get names (drop_naming.h), become sites
 * (drop_table.h) and workloads (drop_workloads.h), and rows (drop_rows.h, drop_workload_rows.h). Runs on the
 * collector's own thread.
 */

#include <malloc.h>

#include "base/cleanup.h"
#include "collectors/drops/drop_burst_rows.h"
#include "collectors/drops/drop_cause_rows.h"
#include "collectors/drops/drop_kept.h"
#include "collectors/drops/drop_naming.h"
#include "collectors/drops/drop_open.h"
#include "collectors/drops/drop_packets.h"
#include "collectors/drops/drop_rows.h"
#include "collectors/drops/drop_source.h"
#include "collectors/drops/drop_workload_rows.h"

struct collector_settings {
    unsigned source; /* enum drop_choice */
    uint64_t max_sites;
    uint64_t max_workloads;
    bool label_offset;
    bool label_netns;
    bool workloads;
    bool workload_detail;
    unsigned record; /* enum record_choice */
    uint64_t record_sites;
    uint64_t record_bytes;
    unsigned record_addresses; /* enum address_choice */
    bool record_stacks;
};

enum record_choice { RECORD_HEADERS, RECORD_OFF };
enum address_choice { ADDRESSES_LOCAL, ADDRESSES_PREFIXES };

static const char *const records[] = {[RECORD_HEADERS] = "headers", [RECORD_OFF] = "off", NULL};
static const char *const addresses[] = {[ADDRESSES_LOCAL] = "local", [ADDRESSES_PREFIXES] = "prefixes", NULL};

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
        .help = "who counts: bpf; or the kernel's drop_monitor in packet mode (with reasons, but it "
                "loses drops under floods) or summary mode (complete, but without reasons); auto: bpf"
                " if it can run, else summary",
    },
    {
        .key = "max_sites",
        .type = OPTION_UINT,
        .offset = offsetof(struct collector_settings, max_sites),
        .default_text = "1000",
        .min = 16,
        .max = 10000,
        .help = "rows of drop sites; the rest counts in rows named other",
    },
    {
        .key = "label_offset",
        .type = OPTION_BOOL,
        .offset = offsetof(struct collector_settings, label_offset),
        .default_text = "false",
        .help = "make a row for each place in a function; offsets differ between builds of the kernel",
    },
    {
        .key = "label_netns",
        .type = OPTION_BOOL,
        .offset = offsetof(struct collector_settings, label_netns),
        .default_text = "false",
        .restart = true,
        .help = "rows name other network namespaces and their devices (bpf); at most max_sites such rows",
    },
    {
        .key = "workloads",
        .type = OPTION_BOOL,
        .offset = offsetof(struct collector_settings, workloads),
        .default_text = "true",
        .restart = true,
        .help = "count by systemd unit, container and pod, too (bpf)",
    },
    {
        .key = "workload_detail",
        .type = OPTION_BOOL,
        .offset = offsetof(struct collector_settings, workload_detail),
        .default_text = "false",
        .help = "workloads have a row for each reason and network namespace",
    },
    {
        .key = "max_workloads",
        .type = OPTION_UINT,
        .offset = offsetof(struct collector_settings, max_workloads),
        .default_text = "1000",
        .min = 16,
        .max = 10000,
        .help = "rows of workloads; the rest counts in rows named other",
    },
    {
        .key = "record",
        .type = OPTION_CHOICE,
        .offset = offsetof(struct collector_settings, record),
        .default_text = "headers",
        .choices = records,
        .restart = true,
        .help = "record the headers of some packets of each site, for whoever may use the local "
                "socket; or off",
    },
    {
        .key = "record_sites",
        .type = OPTION_UINT,
        .offset = offsetof(struct collector_settings, record_sites),
        .default_text = "1024",
        .min = 16,
        .max = 4096,
        .restart = true,
        .help = "sites of which packets are recorded, eight of each; idle ones give way to new ones",
    },
    {
        .key = "record_bytes",
        .type = OPTION_UINT,
        .offset = offsetof(struct collector_settings, record_bytes),
        .default_text = "0",
        .max = PACKET_DATA_SIZE,
        .help = "record at least so many bytes of each of these packets, even if its headers are "
                "shorter: contents, too",
    },
    {
        .key = "record_addresses",
        .type = OPTION_CHOICE,
        .offset = offsetof(struct collector_settings, record_addresses),
        .default_text = "local",
        .choices = addresses,
        .needs = "web.users_file",
        .restart = true,
        .help = "local: only the local socket shows these packets; prefixes: the page shows them, "
                "too, with only /24 and /56 of their addresses",
    },
    {
        .key = "record_stacks",
        .type = OPTION_BOOL,
        .offset = offsetof(struct collector_settings, record_stacks),
        .default_text = "false",
        .restart = true,
        .help = "record the kernel's call chain with each of these packets (bpf)",
    },
};

struct collector_state {
    struct handover *handover;
    struct drop_naming naming; /* includes the book */
    struct drop_rows rows;
    struct drop_workload_rows workload_rows;
    struct drop_burst_rows burst_rows;
    struct drop_cause_rows cause_rows;
    struct drop_packets packets;
};

static void drop_monitor_close(struct collector_state *state)
{
    link_table_close(&state->naming.links);
    ksyms_close(&state->naming.ksyms);
    drop_rows_done(&state->rows);
    drop_workload_rows_done(&state->workload_rows);
    drop_burst_rows_done(&state->burst_rows);
    drop_cause_rows_done(&state->cause_rows);
    drop_packets_done(&state->packets);
    closep(&state->naming.kept);
    drop_book_leave(&state->naming.book, state->handover);
}

static struct drop_options drop_options_of(const struct collector_context *context)
{
    static const enum drop_mode modes[] = {[DROP_CHOICE_AUTO] = DROP_MODE_ANY,
                                           [DROP_CHOICE_BPF] = DROP_MODE_ANY,
                                           [DROP_CHOICE_PACKET] = DROP_MODE_PACKET,
                                           [DROP_CHOICE_SUMMARY] = DROP_MODE_SUMMARY};

    return (struct drop_options){
        .mode = modes[context->settings->source],
        .max_sites = context->settings->max_sites,
        .workloads = context->settings->workloads,
        .spaces = context->settings->label_netns,
        .record_sites = context->settings->record == RECORD_OFF ? 0 : context->settings->record_sites,
        .record_stacks = context->settings->record_stacks,
        .limits = context->limits};
}

static int drop_monitor_open_privileged(const struct collector_context *context, struct handover *handover,
                                        struct fault *fault)
{
    struct drop_options drop_options = drop_options_of(context);

    drop_options.keep = !handover->leaving;
    return drop_open(context->settings->source, &drop_options, context->procfs, handover, fault);
}

static void drop_monitor_kept_as(const struct collector_context *context, char text[HANDOVER_KEPT_SIZE])
{
    const struct drop_options drop_options = drop_options_of(context);

    drop_kept_as(context->settings->source, &drop_options, text, HANDOVER_KEPT_SIZE);
}

static int symbols_adopt(struct collector_state *state, struct drop_opened *opened,
                         const struct collector_context *context)
{
    int error = ksyms_adopt(&state->naming.ksyms, opened->kallsyms, opened->modules, context->procfs);

    if (error < 0)
        return error;
    opened->kallsyms = opened->modules = -1;
    state->naming.ksyms.ending = context->ending;
    return 0;
}

static int drop_monitor_init(struct collector_state *state, const struct collector_context *context)
{
    const struct collector_settings *settings = context->settings;
    const struct drop_bounds bounds = {.max_sites = settings->max_sites,
                                       .max_workloads = settings->max_workloads,
                                       .workload_detail = settings->workload_detail};
    int error;

    state->handover = context->handover;
    state->naming.filter = context->devices;
    state->naming.label_offset = settings->label_offset;
    state->naming.label_netns = settings->label_netns;
    state->packets.keep = settings->record_bytes;
    error = drop_naming_init(&state->naming, &bounds, context->limits);
    if (error == 0)
        error = drop_rows_init(&state->rows, settings->label_offset);
    return error < 0 ? error : drop_workload_rows_init(&state->workload_rows, settings->workload_detail);
}

/* Continues the counts of the last instance, or of the last process. If its file cannot be read, all counts
 * begin at 0. */
static int book_adopt(struct collector_state *state, struct drop_opened *opened,
                      const struct collector_context *context, struct fault *fault)
{
    const struct drop_options drop_options = drop_options_of(context);
    struct drop_book *book = &state->naming.book, *left = NULL;
    int kept = 0, error;

    if (!context->handover->left)
        kept = drop_kept_restore(opened->kept, opened->source, context->limits, &left);
    if (left)
        handover_leave(context->handover, left, drop_book_free);
    error = drop_book_adopt(book, context->handover, opened, &drop_options, fault);
    if (error == 0 && kept < 0) {
        fault_note(fault, "from 0 on: the kept counts cannot be read (%s)", error_text(kept));
        error = drop_book_pass_over(book, fault);
    }
    state->naming.kept = take_fd(&opened->kept);
    return error;
}

static int drop_monitor_open(struct collector_state *state, const struct collector_context *context,
                             struct fault *fault)
{
    _cleanup_(drop_opened_done) struct drop_opened opened = DROP_OPENED_NONE;
    int error;

    error = drop_monitor_init(state, context);
    if (error < 0)
        return fault_errno(fault, error, "drop_monitor");
    error = drop_opened_copy(context->handover, &opened, fault);
    if (error < 0)
        return error;
    error = symbols_adopt(state, &opened, context);
    if (error == 0 && context->settings->label_netns && opened.source->tenants)
        error = drop_spaces_init(&state->naming.book.spaces, context->procfs, context->limits);
    if (error < 0)
        return fault_errno(fault, error, "drop_monitor");
    error = book_adopt(state, &opened, context, fault);
    if (error == 0 && state->naming.book.source->devices)
        error = link_table_open(&state->naming.links, context->limits, fault);
    if (error < 0)
        return error;
    (void)malloc_trim(0); /* reading the kernel's BTF took megabytes */
    return 0;
}

static int drop_monitor_event_fd(struct collector_state *state)
{
    return state->naming.book.source->event_fd
               ? state->naming.book.source->event_fd(state->naming.book.source_state)
               : link_table_fd(&state->naming.links);
}

static int drop_monitor_event(struct collector_state *state, struct fault *fault)
{
    int error;

    if (state->naming.book.source->event)
        return state->naming.book.source->event(state->naming.book.source_state, fault);
    /* Before the drain, which forgets devices that are gone. Drops of new devices wait for it. */
    error = state->naming.links.lost ? 0 : drop_naming_take(&state->naming, true, fault);
    return error < 0 ? error : link_table_drain(&state->naming.links, fault);
}

/* Attaches the recorded packets. If their memory cannot be mapped, the counts are published all the same. */
static int packets_show(struct collector_state *state, struct snapshot *draft, struct fault *fault)
{
    const struct drop_book *book = &state->naming.book;
    struct drop_recorder recorder = {};
    int error = book->source->recorder ? book->source->recorder(book->source_state, &recorder) : 0;

    if (error < 0) {
        fault_note(fault, "without the recorded packets: mapping them: %s", error_text(error));
        return packet_records_attach_error(draft, book->source->name, error);
    }
    error = drop_packets_show(&state->packets, &state->naming, &recorder, draft);
    if (book->source->recorder_done)
        book->source->recorder_done(&recorder);
    return error;
}

static int drop_monitor_collect(struct collector_state *state, struct snapshot *draft, struct fault *fault)
{
    struct drop_status status;
    int error = drop_naming_follow(&state->naming, fault);

    if (error == 0)
        error = drop_naming_take(&state->naming, false, fault);
    if (error < 0)
        return error;
    drop_naming_keep(&state->naming, fault);
    state->naming.book.source->status(state->naming.book.source_state, &status);
    draft->counted_since_ns = status.since_ns;
    error = drop_rows_fill(&state->rows, &state->naming.book.sites, state->naming.book.source->name, &status,
                           draft);
    if (error == 0)
        error = drop_cause_rows_fill(&state->cause_rows, &state->naming.book.causes, draft);
    if (error == 0 && status.workloads)
        error = drop_workload_rows_fill(&state->workload_rows, &state->naming.book, &status, draft);
    if (error == 0 && status.window_ns)
        error = drop_burst_rows_fill(&state->burst_rows, &state->naming.book.bursts, status.window_ns, draft);
    if (!draft->attach)
        drop_packets_rest(&state->packets);
    else if (error == 0)
        error = packets_show(state, draft, fault);
    return error < 0 ? fault_errno(fault, error, "drop_monitor") : 0;
}

static bool drop_monitor_shows_prefixes(const struct collector_settings *settings)
{
    return settings->record_addresses == ADDRESSES_PREFIXES && settings->record != RECORD_OFF;
}

const struct collector drop_monitor_collector = {
    .name = "drop_monitor",
    .summary = "where in the kernel packets are dropped, and why (BPF, or the kernel's drop_monitor)",
    .needs =
        "CAP_BPF, CAP_PERFMON (bpf) or CAP_NET_ADMIN, CAP_SYS_ADMIN and, for names, CAP_SYSLOG (drop_monitor)",
    .listens = true,
    .explains = true,
    .shows_packets = true,
    .shows_prefixes = drop_monitor_shows_prefixes,
    .enabled = true,
    .interval = "5s",
    .filters_devices = true,
    .options = OPTION_TABLE(options, struct collector_settings),
    .state_size = sizeof(struct collector_state),
    .handles = drop_handle_names,
    .open_privileged = drop_monitor_open_privileged,
    .kept_as = drop_monitor_kept_as,
    .switch_off = drop_open_stop,
    .open = drop_monitor_open,
    .event_fd = drop_monitor_event_fd,
    .event = drop_monitor_event,
    .collect = drop_monitor_collect,
    .close = drop_monitor_close,
};
