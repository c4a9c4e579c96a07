/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/sockets/sockets.h"

/*
 * The sockets collector: which service is too slow. It shows how many datagrams the UDP sockets of a port
 * dropped, and how full the accept queues of the listeners on a port are, from sock_diag dumps. Runs on the
 * collector's own thread.
 *
 * The kernel filters out for us what is not a service: sockets whose port it chose itself, and ports above
 * the highest. We skip connected sockets ourselves. The kernel still walks all UDP sockets, once for each IP
 * version, at a tenth of a microsecond per socket; of TCP only listeners. A socket that it reports costs
 * eight times as much.
 *
 * A socket may come into view with a past: a connected one disconnects, or replaces a port that the kernel
 * chose by one of its own. The kernel does not say how old a socket is: it assigns cookies at the first look,
 * and inode numbers in batches for each CPU. So we look at the other sockets too, and only remember what they
 * have dropped: at each look, but for those whose port the kernel chose, if there are more than REST_FEW of
 * them, only once in REST_NS. A socket that is not known then is new, and so are all its drops. One case is
 * missed: a socket that dropped for the first time, and then became a service, since the last look.
 *
 * A socket's own count is gone when it is closed. Our counts are those of ports, from the first opening of
 * the collector on, and only rise: each look adds what is new (socket_drops.h), and after a reload or a
 * failure the next instance goes on from what is known. Nobody sees what a socket drops between the last look
 * and its end: the kernel's notice of the end (SKNLGRP_INET_UDP_DESTROY) does not have the count
 * (net/ipv4/inet_diag.c, inet_diag_handler_get_info()).
 *
 * The dump remembers its place as a number within a hash chain (net/ipv4/udp_diag.c, udp_dump()). So if
 * another socket of the chain opens or closes meanwhile, a socket may be missed or reported twice. Both do no
 * harm.
 *
 * A steady-state collection renders and allocates nothing.
 */

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "collectors/kernel/cgroup_tree.h"
#include "collectors/kernel/procfile.h"
#include "collectors/sockets/sockets_look.h"
#include "collectors/sockets/sockets_metrics.h"
#include "collectors/sockets/sockets_node.h"

struct collector_settings {
    uint64_t highest_port;
    uint64_t max_ports;
    bool label_workload;
};

static const struct option options[] = {
    {
        .key = "highest_port",
        .type = OPTION_UINT,
        .offset = offsetof(struct collector_settings, highest_port),
        .default_text = "32767",
        .min = 1,
        .max = UINT16_MAX,
        .help = "local ports above this one are ignored; the default is the last one below the "
                "kernel's ports for clients",
    },
    {
        .key = "max_ports",
        .type = OPTION_UINT,
        .offset = offsetof(struct collector_settings, max_ports),
        .default_text = "1000",
        .min = 1,
        .max = 2 * UINT16_MAX,
        .help = "ports with rows of their own, for UDP and for listeners each; the rest counts in "
                "rows named other",
    },
    {
        .key = "label_workload",
        .type = OPTION_BOOL,
        .offset = offsetof(struct collector_settings, label_workload),
        .default_text = "false",
        .help = "rows of a port have the labels unit and container_id, which name the workload whose "
                "cgroup made the socket",
        .other_series = "true",
    },
};

/* What an instance leaves to the next one. */
struct counted {
    uint64_t highest_port; /* the highest that it looked at */
    struct socket_drops drops;
    struct socket_ports udp;
    struct socket_owners owners; /* zeroed if workloads had no rows */
};

struct collector_state {
    struct sockets_look look;
    struct handover *handover;
    struct counted *before; /* from the last instance, until it is taken over */
    uint64_t highest_port;  /* 0 if the first look is not complete */
    bool no_udp, no_tcp;    /* the kernel has no sock_diag for the protocol */
    struct row_set *single;
    struct procfile buffer_default, buffer_limit, listen_limit;
    struct column_set *udp_columns;
    struct column_set *buffer_columns;
    struct column_set *forgotten_columns;
    struct column_set *listen_columns;
    struct sockets_node node;
};

static void counted_free(void *data)
{
    struct counted *counted = data;

    if (!counted)
        return;
    socket_drops_done(&counted->drops);
    socket_ports_done(&counted->udp);
    socket_owners_done(&counted->owners);
    free(counted);
}

/* If memory runs out, the next instance counts from 0. */
static void leave(struct collector_state *state)
{
    struct counted *left = state->before ? state->before : malloc(sizeof(*left));

    if (left && !state->before) {
        *left = (struct counted){.highest_port = state->highest_port,
                                 .drops = state->look.drops,
                                 .udp = state->look.udp,
                                 .owners = state->look.owners};
        state->look.drops = (struct socket_drops){};
        state->look.udp = (struct socket_ports){};
        state->look.owners = (struct socket_owners){};
    }
    handover_leave(state->handover, left, counted_free);
}

static void sockets_close(struct collector_state *state)
{
    leave(state);
    sockets_look_done(&state->look);
    procfile_done(&state->buffer_default);
    procfile_done(&state->buffer_limit);
    procfile_done(&state->listen_limit);
    sockets_node_close(&state->node);
    row_set_unref(state->single);
    column_set_unref(state->buffer_columns);
    column_set_unref(state->forgotten_columns);
    column_set_unref(state->udp_columns);
    column_set_unref(state->listen_columns);
}

/* Finds out which protocols exist, and from where to count. */
static int first_look(struct collector_state *state, struct fault *fault)
{
    int error;

    sockets_look_begin(&state->look);
    error = sockets_look_udp(&state->look, fault);
    state->look.drops.opening = false;
    if (error < 0 && error != -ENOENT)
        return error;
    state->no_udp = error < 0;
    error = sockets_look_listeners(&state->look, fault);
    if (error < 0 && error != -ENOENT)
        return error;
    state->no_tcp = error < 0;
    if (!state->no_udp || !state->no_tcp)
        return 0;
    return fault_unsupported(fault, "the kernel has no sock_diag (modules inet_diag, udp_diag, tcp_diag)");
}

static int prepare(struct collector_state *state, const struct collector_settings *settings)
{
    const struct workload_table *workloads = settings->label_workload ? &state->look.owners.workloads : NULL;
    int error;

    state->look.dump.data = &state->look;
    state->look.label_workload = settings->label_workload;
    error = socket_ports_init(&state->look.udp, settings->max_ports, workloads, state->look.limits);
    if (error == 0)
        error = socket_ports_init(&state->look.listeners, settings->max_ports, workloads, state->look.limits);
    if (error == 0)
        error = column_set_new(sockets_udp_metrics, SOCKETS_UDP_COLUMNS, &state->udp_columns);
    if (error == 0)
        error = column_set_new(sockets_buffer_metrics, SOCKETS_BUFFER_COLUMNS, &state->buffer_columns);
    if (error == 0)
        error = column_set_new(&sockets_forgotten_metric, 1, &state->forgotten_columns);
    if (error == 0)
        error = row_set_new_single(&state->single);
    if (error == 0)
        error = column_set_new(sockets_listen_metrics, SOCKETS_LISTEN_COLUMNS, &state->listen_columns);
    return error;
}

/* Only the initial network namespace has these files, and ProcSubset=pid hides them. */
static const char default_path[] = "sys/net/core/rmem_default";
static const char default_handle[] = "sockets-rmem-default";
static const char limit_path[] = "sys/net/core/rmem_max";
static const char limit_handle[] = "sockets-rmem-max";
static const char listen_path[] = "sys/net/core/somaxconn";
static const char listen_handle[] = "sockets-somaxconn";
static const char *const handles[] = {default_handle, limit_handle, listen_handle, NULL};

static int sockets_open_privileged(const struct collector_context *context, struct handover *handover,
                                   struct fault *fault)
{
    (void)fault;
    procfile_hand_over(handover, default_handle, context->procfs, default_path);
    procfile_hand_over(handover, limit_handle, context->procfs, limit_path);
    procfile_hand_over(handover, listen_handle, context->procfs, listen_path);
    return 0;
}

static int open_files(struct collector_state *state, const struct collector_context *context)
{
    int error = procfile_init(&state->buffer_default, context->procfs, default_path);

    if (error == 0)
        error = procfile_init(&state->buffer_limit, context->procfs, limit_path);
    if (error == 0)
        error = procfile_init(&state->listen_limit, context->procfs, listen_path);
    if (error < 0)
        return error;
    procfile_take_over(&state->buffer_default, context->handover, default_handle);
    procfile_take_over(&state->buffer_limit, context->handover, limit_handle);
    procfile_take_over(&state->listen_limit, context->handover, listen_handle);
    return 0;
}

/* Keeps the workload numbers of the last instance. */
static int open_owners(struct collector_state *state)
{
    struct socket_owners *before = state->before ? &state->before->owners : NULL;

    if (!state->look.label_workload)
        return 0;
    if (!before || !before->workloads.count)
        return socket_owners_init(&state->look.owners, cgroup_tree_mount(), state->look.limits);
    state->look.owners = *before;
    *before = (struct socket_owners){};
    return 0;
}

/* Goes on from the last instance. At the very first look, and at ports that the last instance did not look
 * at, the drops of unknown sockets are not counted: they are old. */
static void take_over(struct collector_state *state, uint64_t highest_port)
{
    struct counted *before = take_ptr(state->before);

    state->look.drops.opening = true;
    if (!before)
        return;
    state->look.drops = before->drops;
    before->drops = (struct socket_drops){};
    state->look.drops.opening = before->highest_port < highest_port;
    socket_ports_merge(&state->look.udp, &before->udp, (uint16_t)highest_port);
    counted_free(before);
}

static int sockets_open(struct collector_state *state, const struct collector_context *context,
                        struct fault *fault)
{
    int error;

    state->look.limits = context->limits;
    state->handover = context->handover;
    state->before = handover_take(state->handover);
    error = prepare(state, context->settings);
    if (error == 0)
        error = open_files(state, context);
    if (error == 0)
        error = open_owners(state);
    if (error == 0 && context->node_exporter)
        error = sockets_node_open(&state->node, context);
    if (error < 0)
        return fault_errno(fault, error, "sockets");
    take_over(state, context->settings->highest_port);
    error = sockets_dump_open(&state->look.dump, (uint16_t)context->settings->highest_port, context->limits,
                              fault);
    if (error == 0)
        error = first_look(state, fault);
    if (error == 0)
        state->highest_port = context->settings->highest_port;
    return error;
}

static int fill(struct socket_ports *ports, struct column_set *columns, size_t values, struct snapshot *draft)
{
    struct table *table;
    int error = socket_ports_end(ports);

    if (error < 0)
        return error;
    table = snapshot_add_table(draft, columns, ports->rows);
    if (!table)
        return -ENOMEM;
    socket_ports_fill(ports, table, values);
    snapshot_limit(draft, socket_ports_staying(ports), ports->max);
    return 0;
}

static int fill_buffers(struct collector_state *state, struct snapshot *draft)
{
    struct table *table = snapshot_add_table(draft, state->buffer_columns, state->single);
    uint64_t value;

    if (!table)
        return -ENOMEM;
    if (procfile_number(&state->buffer_default, &value))
        table_set(table, 0, SOCKETS_BUFFER_DEFAULT, value);
    if (procfile_number(&state->buffer_limit, &value))
        table_set(table, 0, SOCKETS_BUFFER_LIMIT, value);
    if (procfile_number(&state->listen_limit, &value))
        table_set(table, 0, SOCKETS_LISTEN_MOST, value);
    return 0;
}

static int fill_forgotten(struct collector_state *state, struct snapshot *draft)
{
    struct table *table;

    if (!state->look.label_workload)
        return 0;
    table = snapshot_add_table(draft, state->forgotten_columns, state->single);
    if (!table)
        return -ENOMEM;
    table_set(table, 0, 0, state->look.udp.forgotten[0]);
    return 0;
}

/* Removes workloads without sockets to make room for others. */
static int keep_owners(struct collector_state *state)
{
    bool *used;

    if (!state->look.owners.workloads.full)
        return 0;
    used = calloc(state->look.owners.workloads.count, sizeof(*used));
    if (!used)
        return -ENOMEM;
    socket_ports_used(&state->look.udp, used);
    socket_ports_used(&state->look.listeners, used);
    socket_owners_keep(&state->look.owners, used);
    free(used);
    return 0;
}

static int sockets_collect(struct collector_state *state, struct snapshot *draft, struct fault *fault)
{
    int error = 0;

    if (state->look.label_workload && !state->look.owners.mount)
        fault_note(fault, "without names of cgroups: no cgroup v2 is mounted at /sys/fs/cgroup");
    sockets_look_begin(&state->look);
    if (!state->no_udp)
        error = sockets_look_udp(&state->look, fault);
    if (error == 0 && !state->no_tcp)
        error = sockets_look_listeners(&state->look, fault);
    if (error < 0)
        return error;
    error = fill(&state->look.udp, state->udp_columns, SOCKETS_UDP_BUFFER, draft);
    if (error == 0)
        error = fill(&state->look.listeners, state->listen_columns, SOCKETS_LISTEN_COLUMNS, draft);
    if (error == 0)
        error = fill_buffers(state, draft);
    if (error == 0)
        error = fill_forgotten(state, draft);
    if (error == 0)
        error = sockets_node_fill(&state->node, state->no_udp ? NULL : &state->look.dump.netlink,
                                  state->single, draft, fault);
    if (error == 0)
        error = keep_owners(state);
    return error < 0 ? fault_errno(fault, error, "sockets") : 0;
}

const struct collector sockets_collector = {
    .name = "sockets",
    .summary = "datagrams dropped by UDP sockets, and queues of TCP listeners, by local port (sock_diag)",
    .needs = "the kernel's inet_diag, udp_diag and tcp_diag",
    .listens = true,
    .counts_losses = true,
    .enabled = true,
    .interval = "15s",
    .options = OPTION_TABLE(options, struct collector_settings),
    .node = sockets_node,
    .state_size = sizeof(struct collector_state),
    .handles = handles,
    .open_privileged = sockets_open_privileged,
    .open = sockets_open,
    .collect = sockets_collect,
    .close = sockets_close,
};
