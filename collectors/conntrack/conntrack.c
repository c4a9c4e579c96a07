/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/conntrack/conntrack.h"

/*
 * Connection tracking of the daemon's network namespace: how full the table is, and which packets it lost.
 * Runs on the collector's thread. Two sources have the same counters: ctnetlink, which needs
 * CAP_NET_ADMIN, and /proc/self/net/stat/nf_conntrack. A kernel can be built without that file
 * (CONFIG_NF_CONNTRACK_PROCFS), and ProcSubset=pid hides it (it keeps files of /proc/self/net, but no
 * directories): then the privileged step hands it over. Sysctls tell how full the table is: if neither source
 * has counters, only that is served.
 *
 * Reading must change nothing. But opening a socket of NETLINK_NETFILTER loads nfnetlink, and a request to
 * ctnetlink loads nf_conntrack_netlink and with it nf_conntrack (nfnetlink_rcv_msg() in
 * net/netfilter/nfnetlink.c). So we look at /sys/module before each, and do not ask for what is not loaded.
 *
 * Each CPU counts in 32 bits. The sum is modulo 2^32, so that it wraps when a CPU's counter does, and never
 * steps back by what the other CPUs hold. It includes all possible CPUs, online or not.
 */

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <string.h>
#include <unistd.h>

#include "collectors/conntrack/conntrack_metrics.h"
#include "collectors/conntrack/conntrack_node.h"
#include "collectors/conntrack/conntrack_parse.h"
#include "collectors/kernel/netlink.h"
#include "collectors/kernel/procfile.h"

enum conntrack_source { SOURCE_AUTO, SOURCE_NETLINK, SOURCE_PROC };

struct collector_settings {
    unsigned source; /* enum conntrack_source */
};

/* sysfs shows a built-in module only if it has parameters: nf_conntrack always, nf_conntrack_netlink
 * never. */
#define MODULE_CONNTRACK "/sys/module/nf_conntrack"

static const char stat_path[] = "self/net/stat/nf_conntrack";
static const char entries_path[] = "sys/net/netfilter/nf_conntrack_count";
static const char limit_path[] = "sys/net/netfilter/nf_conntrack_max";

struct collector_state {
    const struct collector_settings *settings;
    struct limits *limits;
    bool ask_netlink;
    struct netlink netlink;
    struct nl_msg *get_counters;
    struct nl_msg *get_entries;
    struct procfile ctnetlink; /* initstate of its module */
    struct procfile stat;
    struct procfile entries;
    struct procfile limit;
    struct conntrack_reading reading;
    struct column_set *columns;
    struct column_set *node_columns; /* NULL if disabled */
    struct row_set *row;
};

static void conntrack_close(struct collector_state *state)
{
    netlink_close(&state->netlink);
    nlmsg_free(state->get_counters);
    nlmsg_free(state->get_entries);
    procfile_done(&state->ctnetlink);
    procfile_done(&state->stat);
    procfile_done(&state->entries);
    procfile_done(&state->limit);
    column_set_unref(state->columns);
    column_set_unref(state->node_columns);
    row_set_unref(state->row);
}

static void begin_counters(void *data)
{
    struct conntrack_reading *reading = data;

    *reading = (struct conntrack_reading){};
}

static int take_message(const struct nlmsghdr *message, void *data)
{
    return conntrack_take_message(data, message);
}

static const struct netlink_reader counters_reader = {
    .what = "IPCTNL_MSG_CT_GET_STATS_CPU", .begin = begin_counters, .message = take_message};
static const struct netlink_reader entries_reader = {.what = "IPCTNL_MSG_CT_GET_STATS",
                                                     .message = take_message};

/* Returns false for a module that is "going": it is no longer registered, and a request would load it
 * again. */
static bool ctnetlink_is_live(struct collector_state *state)
{
    static const char live[] = {'l', 'i', 'v', 'e'};

    return procfile_read(&state->ctnetlink, NULL) == 0 && state->ctnetlink.size >= sizeof(live) &&
           !memcmp(state->ctnetlink.data, live, sizeof(live));
}

/* With "auto", asks ctnetlink only if its module is visible. With "netlink", the user says that it is built
 * in or may be loaded. */
static int look_before_asking(struct collector_state *state, struct fault *fault)
{
    if (access(MODULE_CONNTRACK, F_OK) < 0)
        return fault_unsupported(fault, "connection tracking is not in use: no module nf_conntrack");
    if (state->settings->source == SOURCE_AUTO && !ctnetlink_is_live(state))
        return fault_unsupported(fault, "no module nf_conntrack_netlink");
    return 0;
}

static int read_netlink(struct collector_state *state, struct fault *fault)
{
    int error = look_before_asking(state, fault);

    if (error == 0 && !state->netlink.buffer)
        error = netlink_open(NETLINK_NETFILTER, state->limits, &state->netlink, fault);
    if (error == 0)
        error = netlink_dump(&state->netlink, state->get_counters, &counters_reader, &state->reading, fault);
    /* If this fails, the sysctls are read. */
    if (error == 0)
        (void)netlink_request(&state->netlink, state->get_entries, &entries_reader, &state->reading, NULL);
    if (error == -EPERM)
        return fault_unsupported(fault, "ctnetlink needs CAP_NET_ADMIN (AmbientCapabilities=)");
    return error;
}

static int read_proc(struct collector_state *state, struct fault *fault)
{
    const struct procfile *stat = &state->stat;
    int error = procfile_read(&state->stat, fault);

    if (error < 0)
        return error;
    error = conntrack_parse_proc(stat->data, stat->size, &state->reading);
    if (error < 0)
        return fault_set(fault, error, "%s: not a line of names and one of numbers for each CPU", stat->path);
    return 0;
}

/* Reads what the source of the counters does not have. */
static void read_gauge(struct collector_state *state, enum conntrack_field field, struct procfile *file)
{
    uint64_t value;

    if (!state->reading.has[field] && procfile_number(file, &value) && value <= UINT32_MAX) {
        state->reading.values[field] = (uint32_t)value;
        state->reading.has[field] = true;
    }
}

static void read_gauges(struct collector_state *state)
{
    read_gauge(state, CONNTRACK_ENTRIES, &state->entries);
    read_gauge(state, CONNTRACK_ENTRIES_LIMIT, &state->limit);
}

/* Called if no source has counters. `reason` says why ctnetlink has none, or is "". */
static int read_gauges_alone(struct collector_state *state, const char *reason, struct fault *fault)
{
    state->reading = (struct conntrack_reading){};
    read_gauges(state);
    if (state->reading.has[CONNTRACK_ENTRIES]) {
        fault_note(fault, "without counters, which tell what is lost: no %s%s%s", state->stat.path,
                   reason[0] ? "; " : "", reason);
        return 0;
    }
    if (access(MODULE_CONNTRACK, F_OK) < 0)
        return fault_unsupported(fault, "connection tracking is not in use: no %s", state->stat.path);
    /* The privileged step opened only what existed at the start. */
    return fault_unsupported(fault, "no %s (where ProcSubset=pid hides it: restart the exporter)%s%s",
                             state->stat.path, reason[0] ? "; " : "", reason);
}

/* Both sources have the same counters. Once ctnetlink has failed, for whatever reason, only the file is
 * read. */
static int read_all(struct collector_state *state, struct fault *fault)
{
    struct fault reason = {}, file = {};
    int error;

    if (state->settings->source == SOURCE_NETLINK) {
        error = read_netlink(state, fault);
    } else if (!state->ask_netlink || read_netlink(state, &reason) < 0) {
        state->ask_netlink = false;
        netlink_close(&state->netlink);
        error = read_proc(state, &file);
        if (procfile_is_absent(error))
            return read_gauges_alone(state, reason.text, fault);
        if (error < 0)
            fault_set(fault, error, "%s", file.text);
    } else {
        error = 0;
    }
    if (error == 0)
        read_gauges(state);
    return error;
}

static int request_new(uint8_t command, struct nl_msg **ret_request)
{
    struct nfgenmsg header = {.nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0};

    return netlink_message_new(NFNL_SUBSYS_CTNETLINK << 8 | command, &header, sizeof(header), ret_request);
}

static int make_sets(struct collector_state *state, bool node_exporter)
{
    int error = column_set_new(conntrack_metrics, CONNTRACK_SHOWN_COUNT, &state->columns);

    if (error == 0 && node_exporter)
        error = node_columns_new(conntrack_node[0], &state->node_columns);
    return error < 0 ? error : row_set_new_single(&state->row);
}

static int prepare(struct collector_state *state, const struct collector_context *context)
{
    const char *procfs = context->procfs;

    if (request_new(IPCTNL_MSG_CT_GET_STATS_CPU, &state->get_counters) < 0 ||
        request_new(IPCTNL_MSG_CT_GET_STATS, &state->get_entries) < 0 ||
        procfile_init(&state->ctnetlink, "/sys/module/nf_conntrack_netlink", "initstate") < 0 ||
        procfile_init(&state->stat, procfs, stat_path) < 0 ||
        procfile_init(&state->entries, procfs, entries_path) < 0 ||
        procfile_init(&state->limit, procfs, limit_path) < 0)
        return -ENOMEM;
    return make_sets(state, context->node_exporter);
}

static const char stat_handle[] = "conntrack-stat";
static const char entries_handle[] = "conntrack-entries";
static const char limit_handle[] = "conntrack-limit";
static const char *const handles[] = {stat_handle, entries_handle, limit_handle, NULL};

/* Anybody may read these files, but ProcSubset=pid hides them. */
static int conntrack_open_privileged(const struct collector_context *context, struct handover *handover,
                                     struct fault *fault)
{
    (void)fault;
    procfile_hand_over(handover, stat_handle, context->procfs, stat_path);
    procfile_hand_over(handover, entries_handle, context->procfs, entries_path);
    procfile_hand_over(handover, limit_handle, context->procfs, limit_path);
    return 0;
}

static int conntrack_open(struct collector_state *state, const struct collector_context *context,
                          struct fault *fault)
{
    state->settings = context->settings;
    state->limits = context->limits;
    state->ask_netlink = state->settings->source == SOURCE_AUTO;
    if (prepare(state, context) < 0)
        return fault_set(fault, -ENOMEM, "out of memory");
    procfile_take_over(&state->stat, context->handover, stat_handle);
    procfile_take_over(&state->entries, context->handover, entries_handle);
    procfile_take_over(&state->limit, context->handover, limit_handle);
    return read_all(state, fault);
}

static int add_node(struct collector_state *state, struct snapshot *draft)
{
    uint64_t values[CONNTRACK_FIELD_COUNT], present = 0;
    struct table *table;

    if (!state->node_columns)
        return 0;
    table = snapshot_add_table(draft, state->node_columns, state->row);
    if (!table)
        return -ENOMEM;
    for (size_t i = 0; i < CONNTRACK_FIELD_COUNT; i++) {
        values[i] = state->reading.values[i];
        present |= (uint64_t)state->reading.has[i] << i;
    }
    node_fill(conntrack_node[0], table, 0, values, present);
    return 0;
}

static int conntrack_collect(struct collector_state *state, struct snapshot *draft, struct fault *fault)
{
    const struct conntrack_reading *reading = &state->reading;
    struct table *table;
    int error = read_all(state, fault);

    if (error < 0)
        return error;
    table = snapshot_add_table(draft, state->columns, state->row);
    if (!table)
        return fault_set(fault, -ENOMEM, "out of memory");
    for (size_t i = 0; i < CONNTRACK_SHOWN_COUNT; i++)
        if (reading->has[i])
            table_set(table, 0, i, reading->values[i]);
    return add_node(state, draft) < 0 ? fault_set(fault, -ENOMEM, "out of memory") : 0;
}

static const char *const sources[] = {
    [SOURCE_AUTO] = "auto", [SOURCE_NETLINK] = "netlink", [SOURCE_PROC] = "proc", NULL};

static const struct option options[] = {
    {
        .key = "source",
        .type = OPTION_CHOICE,
        .offset = offsetof(struct collector_settings, source),
        .default_text = "auto",
        .choices = sources,
        .help = "netlink (only with --once: it needs CAP_NET_ADMIN, which the daemon gives up; loads "
                "the module nf_conntrack_netlink unless it is built in), proc, or auto: netlink if "
                "that module is present and may be asked, else proc",
    },
};

const struct collector conntrack_collector = {
    .name = "conntrack",
    .summary =
        "connection tracking: how full the table is, packets that it lost (/proc/net/stat/nf_conntrack)",
    .needs = "connection tracking in use (module nf_conntrack)",
    .counts_losses = true,
    .enabled = true,
    .interval = "15s",
    .options = OPTION_TABLE(options, struct collector_settings),
    .node = conntrack_node,
    .state_size = sizeof(struct collector_state),
    .handles = handles,
    .open_privileged = conntrack_open_privileged,
    .open = conntrack_open,
    .collect = conntrack_collect,
    .close = conntrack_close,
};
