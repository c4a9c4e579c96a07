/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/softnet/softnet.h"

/*
 * Reads /proc/self/net/softnet_stat from a kept descriptor, on the collector's thread: what
 * each CPU took from its input queues, and lost. The counters are those of the whole host, in every network
 * namespace.
 *
 * Each CPU counts in 32 bits, and loses its line when it goes offline. A plain sum would fall by 2^32 when a
 * counter wraps, and by all that a CPU counted when it goes offline. A reader would take either for a
 * restart, and count the rest of the sum as new. So the sum is modulo 2^32, which wraps as each of its terms
 * does. A CPU that went offline stays in the sum with its last value, from which it goes on when it comes
 * back. The next instance of the collector goes on from these values.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "collectors/kernel/procfile.h"
#include "collectors/softnet/softnet_metrics.h"
#include "collectors/softnet/softnet_node.h"
#include "collectors/softnet/softnet_parse.h"

struct collector_settings {
    bool per_cpu;
};

struct softnet_cpu {
    uint32_t counters[SOFTNET_COUNTER_COUNT]; /* if the CPU is offline, the last that was seen */
    bool online;
};

struct softnet_cpus {
    size_t count;
    struct softnet_cpu items[SOFTNET_CPUS_MAX]; /* untouched memory behind the first `count` */
};

struct collector_state {
    const struct collector_settings *settings;
    struct procfile stat;
    struct procfile backlog_limit;
    struct procfile budget;
    struct softnet_cpus *cpus;
    struct handover *handover;
    bool has_flow_limit; /* at the last read */
    bool has_cpu;
    struct column_set *columns;
    struct column_set *cpu_columns;
    struct column_set *node_columns; /* NULL if not wanted */
    struct row_set *row;             /* of the sum */
    struct row_set *cpu_rows;        /* NULL: CPUs came or went, the rows must be made */
};

static void softnet_close(struct collector_state *state)
{
    procfile_done(&state->stat);
    procfile_done(&state->backlog_limit);
    procfile_done(&state->budget);
    if (state->cpus)
        handover_leave(state->handover, state->cpus, free);
    column_set_unref(state->columns);
    column_set_unref(state->cpu_columns);
    column_set_unref(state->node_columns);
    row_set_unref(state->row);
    row_set_unref(state->cpu_rows);
}

static void set_online(struct collector_state *state, size_t cpu, bool online)
{
    if (state->cpus->items[cpu].online == online)
        return;
    state->cpus->items[cpu].online = online;
    state->cpu_rows = row_set_unref(state->cpu_rows);
}

/* Offline CPUs have no line. If lines do not name their CPU, a CPU that is gone cannot be told from the
 * others: its values are forgotten. */
static void skip_offline(struct collector_state *state, size_t first, size_t end)
{
    for (size_t cpu = first; cpu < end; cpu++) {
        set_online(state, cpu, false);
        if (!state->has_cpu)
            state->cpus->items[cpu] = (struct softnet_cpu){};
    }
}

/* Takes the lines of one file, in the order of the CPUs. */
static int take_lines(struct collector_state *state, const char *at, const char *end)
{
    size_t next = 0;

    while (at < end) {
        struct softnet_line line;
        int error = softnet_parse_line(&at, end, &line);
        size_t cpu = error == 0 && line.has_cpu ? line.cpu : next;

        if (error < 0 || cpu < next || cpu >= SOFTNET_CPUS_MAX)
            return -EBADMSG;
        state->has_flow_limit = line.has_flow_limit;
        state->has_cpu = line.has_cpu;
        skip_offline(state, next, cpu);
        set_online(state, cpu, true);
        for (size_t i = 0; i < SOFTNET_COUNTER_COUNT; i++)
            state->cpus->items[cpu].counters[i] = line.counters[i];
        next = cpu + 1;
        if (state->cpus->count < next)
            state->cpus->count = next;
    }
    skip_offline(state, next, state->cpus->count);
    return next ? 0 : -EBADMSG;
}

static int read_stat(struct collector_state *state, struct fault *fault)
{
    const struct procfile *stat = &state->stat;
    struct fault reason = {};
    int error = procfile_read(&state->stat, &reason);

    if (error == -ENOENT)
        return fault_unsupported(fault, "no %s", stat->path);
    if (procfile_is_absent(error))
        return fault_unsupported(fault, "%s", reason.text);
    if (error < 0)
        return fault_set(fault, error, "%s", reason.text);
    error = take_lines(state, stat->data, stat->data + stat->size);
    if (error == 0)
        return 0;
    /* After a malformed file nothing is remembered. */
    state->has_cpu = false;
    skip_offline(state, 0, state->cpus->count);
    return fault_set(fault, error, "%s: not one line for each CPU", stat->path);
}

static int make_sets(struct collector_state *state, bool node_exporter)
{
    int error = column_set_new(softnet_metrics, SOFTNET_COLUMN_COUNT, &state->columns);

    if (error == 0)
        error = column_set_new(softnet_cpu_metrics, SOFTNET_SHOWN_COUNT, &state->cpu_columns);
    if (error == 0 && node_exporter)
        error = node_columns_new(softnet_node[0], &state->node_columns);
    return error < 0 ? error : row_set_new_single(&state->row);
}

/* Only the initial network namespace has the limits, and ProcSubset=pid hides them. */
static const char limit_path[] = "sys/net/core/netdev_max_backlog";
static const char limit_handle[] = "softnet-backlog-limit";
static const char budget_path[] = "sys/net/core/netdev_budget";
static const char budget_handle[] = "softnet-budget";
static const char *const handles[] = {limit_handle, budget_handle, NULL};

static int softnet_open_privileged(const struct collector_context *context, struct handover *handover,
                                   struct fault *fault)
{
    (void)fault;
    procfile_hand_over(handover, limit_handle, context->procfs, limit_path);
    procfile_hand_over(handover, budget_handle, context->procfs, budget_path);
    return 0;
}

static int name_files(struct collector_state *state, const struct collector_context *context)
{
    int error = procfile_init(&state->stat, context->procfs, "self/net/softnet_stat");

    if (error == 0)
        error = procfile_init(&state->backlog_limit, context->procfs, limit_path);
    if (error == 0)
        error = procfile_init(&state->budget, context->procfs, budget_path);
    if (error < 0)
        return error;
    procfile_take_over(&state->backlog_limit, context->handover, limit_handle);
    procfile_take_over(&state->budget, context->handover, budget_handle);
    return 0;
}

static int softnet_open(struct collector_state *state, const struct collector_context *context,
                        struct fault *fault)
{
    state->settings = context->settings;
    state->handover = context->handover;
    state->cpus = handover_take(state->handover);
    if (!state->cpus)
        state->cpus = calloc(1, sizeof(*state->cpus));
    if (!state->cpus || name_files(state, context) < 0 || make_sets(state, context->node_exporter) < 0)
        return fault_set(fault, -ENOMEM, "out of memory");
    return read_stat(state, fault);
}

static bool is_there(const struct collector_state *state, size_t counter)
{
    return counter != SOFTNET_FLOW_LIMIT || state->has_flow_limit;
}

static int add_sum(struct collector_state *state, struct snapshot *draft)
{
    struct table *table = snapshot_add_table(draft, state->columns, state->row);
    uint64_t value;

    if (!table)
        return -ENOMEM;
    for (size_t i = 0; i < SOFTNET_SHOWN_COUNT; i++) {
        uint32_t sum = 0;

        for (size_t cpu = 0; cpu < state->cpus->count; cpu++)
            sum += state->cpus->items[cpu].counters[i];
        if (is_there(state, i))
            table_set(table, 0, i, sum);
    }
    if (procfile_number(&state->backlog_limit, &value))
        table_set(table, 0, SOFTNET_COLUMN_BACKLOG_LIMIT, value);
    if (procfile_number(&state->budget, &value))
        table_set(table, 0, SOFTNET_COLUMN_BUDGET, value);
    return 0;
}

static int make_cpu_rows(struct collector_state *state)
{
    static const char *const label = "cpu";
    _cleanup_(row_set_unrefp) struct row_set *rows = NULL;
    int error = row_set_new(&label, 1, &rows);

    for (size_t cpu = 0; error >= 0 && cpu < state->cpus->count; cpu++) {
        char text[24];
        const char *value = text;

        (void)snprintf(text, sizeof(text), "%zu", cpu);
        if (state->cpus->items[cpu].online)
            error = row_set_add(rows, &value);
    }
    if (error < 0)
        return error;
    row_set_replace(&state->cpu_rows, take_ptr(rows));
    return 0;
}

static int add_cpus(struct collector_state *state, struct snapshot *draft)
{
    struct table *table;
    size_t row = 0;

    if (!state->settings->per_cpu)
        return 0;
    table = snapshot_add_table(draft, state->cpu_columns, state->cpu_rows);
    if (!table)
        return -ENOMEM;
    for (size_t cpu = 0; cpu < state->cpus->count; cpu++) {
        if (!state->cpus->items[cpu].online)
            continue;
        for (size_t i = 0; i < SOFTNET_SHOWN_COUNT; i++)
            if (is_there(state, i))
                table_set(table, row, i, state->cpus->items[cpu].counters[i]);
        row++;
    }
    return 0;
}

static int add_node(struct collector_state *state, struct snapshot *draft)
{
    struct table *table;
    size_t row = 0;

    if (!state->node_columns)
        return 0;
    table = snapshot_add_table(draft, state->node_columns, state->cpu_rows);
    if (!table)
        return -ENOMEM;
    for (size_t cpu = 0; cpu < state->cpus->count; cpu++) {
        uint64_t values[SOFTNET_COUNTER_COUNT];

        if (!state->cpus->items[cpu].online)
            continue;
        for (size_t i = 0; i < SOFTNET_COUNTER_COUNT; i++)
            values[i] = state->cpus->items[cpu].counters[i];
        node_fill(softnet_node[0], table, row++, values,
                  UINT64_MAX); /* kernels that name the CPU have all columns */
    }
    return 0;
}

static int add_by_cpu(struct collector_state *state, struct snapshot *draft)
{
    int error = 0;

    if (!state->has_cpu || (!state->settings->per_cpu && !state->node_columns))
        return 0;
    if (!state->cpu_rows)
        error = make_cpu_rows(state);
    if (error == 0)
        error = add_cpus(state, draft);
    return error == 0 ? add_node(state, draft) : error;
}

static int softnet_collect(struct collector_state *state, struct snapshot *draft, struct fault *fault)
{
    int error = read_stat(state, fault);

    if (error < 0)
        return error;
    error = add_sum(state, draft);
    if (error == 0)
        error = add_by_cpu(state, draft);
    return error < 0 ? fault_set(fault, error, "out of memory") : 0;
}

static const struct option options[] = {
    {
        .key = "per_cpu",
        .type = OPTION_BOOL,
        .offset = offsetof(struct collector_settings, per_cpu),
        .default_text = "false",
        .help = "show each online CPU beside the sum of the CPUs (Linux 5.10)",
        .other_series = "true",
    },
};

const struct collector softnet_collector = {
    .name = "softnet",
    .summary = "input queues of the CPUs: packets taken, dropped, squeezed (/proc/net/softnet_stat)",
    .counts_losses = true,
    .enabled = true,
    .interval = "15s",
    .options = OPTION_TABLE(options, struct collector_settings),
    .node = softnet_node,
    .state_size = sizeof(struct collector_state),
    .handles = handles,
    .open_privileged = softnet_open_privileged,
    .open = softnet_open,
    .collect = softnet_collect,
    .close = softnet_close,
};
