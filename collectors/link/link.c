/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/link/link.h"

/*
 * The link collector: every field of rtnl_link_stats64 of every link under its own name, and what names the
 * link. One RTM_GETSTATS dump has the numbers, and only an ifindex with them, at a tenth of the cost of
 * RTM_GETLINK. link_table.h knows the rest and says how the two are joined. Runs on the collector's own
 * thread.
 *
 * A steady-state collection is one dump, copied once. It renders and allocates nothing: row sets are made
 * again only if links.generation has changed.
 */

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "collectors/kernel/link_table.h"
#include "collectors/link/link_columns.h"
#include "collectors/link/link_neighbours.h"
#include "collectors/link/link_node.h"
#include "collectors/link/link_owners.h"
#include "collectors/link/link_rows.h"

struct collector_settings {
    unsigned columns; /* enum link_selection */
};

static const char *const selections[] = {[LINK_COLUMNS_ALL] = "all", [LINK_COLUMNS_LOSS] = "loss", NULL};

static const struct option options[] = {
    {
        .key = "columns",
        .type = OPTION_CHOICE,
        .offset = offsetof(struct collector_settings, columns),
        .default_text = "all",
        .choices = selections,
        .help =
            "all columns, or loss: without packets, bytes and attributes, for hosts where another exporter has them",
        .other_series = "loss",
    },
};

struct collector_state {
    const struct device_filter *filter;
    struct link_table links;
    struct nl_msg *request; /* RTM_GETSTATS; NULL if the kernel lacks it */

    struct link_columns columns;
    struct column_set *info_columns; /* NULL if disabled */
    struct column_set *peer_columns;
    struct column_set *excluded_columns;
    struct column_set *workload_columns;              /* NULL if disabled */
    struct column_set *node_columns[LINK_NODE_COUNT]; /* NULL if disabled */
    struct link_neighbours neighbours;
    struct link_rows rows;
    struct link_owners owners;

    struct link_statistics *statistics; /* of the present dump, until the join */
    size_t statistics_count;
    size_t statistics_capacity;
};

static int stats_request_new(struct nl_msg **ret_request)
{
    struct if_stats_msg header = {.filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64)};

    return netlink_message_new(RTM_GETSTATS, &header, sizeof(header), ret_request);
}

static void link_close(struct collector_state *state)
{
    link_table_close(&state->links);
    nlmsg_freep(&state->request);
    link_columns_done(&state->columns);
    column_set_unref(state->info_columns);
    column_set_unref(state->peer_columns);
    column_set_unref(state->excluded_columns);
    column_set_unref(state->workload_columns);
    for (size_t i = 0; i < LINK_NODE_COUNT; i++)
        column_set_unref(state->node_columns[i]);
    link_neighbours_close(&state->neighbours);
    link_owners_done(&state->owners);
    link_rows_done(&state->rows);
    free(state->statistics);
}

static int link_prepare(struct collector_state *state, enum link_selection selection)
{
    int error;

    error = stats_request_new(&state->request);
    if (error == 0)
        error = link_columns_init(&state->columns, selection);
    if (error == 0 && selection == LINK_COLUMNS_ALL)
        error = column_set_new(&link_info_metric, 1, &state->info_columns);
    if (error == 0 && selection == LINK_COLUMNS_ALL)
        error = column_set_new(&link_workload_metric, 1, &state->workload_columns);
    if (error == 0)
        error = column_set_new(&link_peer_metric, 1, &state->peer_columns);
    if (error == 0)
        error = column_set_new(&link_excluded_metric, 1, &state->excluded_columns);
    return error;
}

static int prepare_node(struct collector_state *state)
{
    int error = 0;

    for (size_t i = 0; i < LINK_NODE_COUNT && error == 0; i++)
        error = node_columns_new(link_node[i], &state->node_columns[i]);
    state->rows.by_device = true;
    return error == 0 ? link_neighbours_open(&state->neighbours, &state->links) : error;
}

static int link_open(struct collector_state *state, const struct collector_context *context,
                     struct fault *fault)
{
    int error;

    state->filter = context->devices;
    error = link_prepare(state, context->settings->columns);
    if (error == 0 && context->node_exporter)
        error = prepare_node(state);
    if (error < 0)
        return fault_errno(fault, error, "link");
    error = link_table_open(&state->links, context->limits, fault);
    if (error < 0)
        return error;
    state->links.follow_peers = true;
    error = link_owners_init(&state->owners, &state->links.request, context->procfs, context->limits);
    return error < 0 ? fault_errno(fault, error, "link") : 0;
}

/*
 * Notifications are handled as they arrive, and not only once per collection. The start of a pod or the end
 * of a namespace makes hundreds of them within an interval, which may be an hour long, and the unprivileged
 * receive buffer holds about 150. Each costs a wake-up of a few microseconds, a fraction of what the kernel
 * spent under RTNL to make it; hosts where nothing changes have none. A full resync after each loss would
 * cost more, and count as a limit hit.
 */
static int link_event_fd(struct collector_state *state)
{
    return link_table_fd(&state->links);
}

static int link_event(struct collector_state *state, struct fault *fault)
{
    return link_table_drain(&state->links, fault);
}

static void dump_begin(void *data)
{
    struct collector_state *state = data;

    state->statistics_count = 0;
}

static int dump_message(const struct nlmsghdr *message, void *data)
{
    struct collector_state *state = data;
    int error;

    if (state->statistics_count >= DEVICES_MAX) /* the link table counts the hit */
        return 0;
    error = array_grow(state->statistics, state->statistics_count, state->statistics_capacity);
    if (error < 0)
        return error;
    error = link_parse_statistics(message, &state->statistics[state->statistics_count]);
    if (error == 0)
        state->statistics_count++;
    return error == -ENODATA ? 0 : error;
}

/* RTM_GETSTATS exists since Linux 4.7. Before, the dump that lists the links has the numbers too:
 * RTEXT_FILTER_SKIP_STATS omits only those of the protocols (net/core/rtnetlink.c, rtnl_fill_ifinfo()). */
static int link_dump(void *data, struct fault *fault)
{
    static const struct netlink_reader getstats = {
        .what = "RTM_GETSTATS dump", .begin = dump_begin, .message = dump_message};
    static const struct netlink_reader getlink = {
        .what = "RTM_GETLINK dump", .begin = dump_begin, .message = dump_message};
    struct collector_state *state = data;
    int error;

    if (state->request) {
        error = netlink_dump(&state->links.request, state->request, &getstats, state, fault);
        if (error != -EOPNOTSUPP)
            return error;
        nlmsg_freep(&state->request);
        state->request = NULL;
    }
    return netlink_dump(&state->links.request, state->links.dump, &getlink, state, fault);
}

static int fill_links(struct collector_state *state, struct snapshot *draft)
{
    struct table *table = snapshot_add_table(draft, state->columns.set, state->rows.links);
    size_t hint = 0;

    if (!table)
        return -ENOMEM;
    for (size_t i = 0; i < state->statistics_count; i++) {
        const struct link *link = link_table_join(&state->links, state->statistics[i].ifindex, &hint);

        if (link && link->row != LINK_NO_ROW)
            link_columns_fill(&state->columns, table, link->row, &state->statistics[i], link);
    }
    return 0;
}

/* The rows are those of the other table, in the same order. */
static int fill_node(struct collector_state *state, struct snapshot *draft, struct fault *fault)
{
    struct table *tables[LINK_NODE_COUNT];
    size_t hint = 0;

    if (!state->node_columns[0])
        return 0;
    for (size_t i = 0; i < LINK_NODE_COUNT; i++) {
        tables[i] = snapshot_add_table(draft, state->node_columns[i], state->rows.devices);
        if (!tables[i])
            return -ENOMEM;
    }
    for (size_t i = 0; i < state->statistics_count; i++) {
        const struct link *link = link_table_join(&state->links, state->statistics[i].ifindex, &hint);

        if (link && link->row != LINK_NO_ROW)
            link_node_fill(tables, link->row, &state->statistics[i], link);
    }
    return link_neighbours_fill(&state->neighbours, state->rows.devices, draft, fault);
}

static int fill_info(struct collector_state *state, struct snapshot *draft)
{
    struct table *table;

    if (!state->info_columns)
        return 0;
    table = snapshot_add_table(draft, state->info_columns, state->rows.info);
    if (!table)
        return -ENOMEM;
    for (size_t row = 0; row < state->rows.info->count; row++)
        table_set(table, row, 0, 1);
    return 0;
}

static int fill_workloads(struct collector_state *state, struct snapshot *draft)
{
    struct table *table;
    int error;

    if (!state->workload_columns)
        return 0;
    error = link_owners_update(&state->owners, &state->links, clock_boottime_ns());
    if (error < 0)
        return error;
    table = snapshot_add_table(draft, state->workload_columns, state->owners.rows);
    if (!table)
        return -ENOMEM;
    for (size_t row = 0; row < state->owners.rows->count; row++)
        table_set(table, row, 0, 1);
    return 0;
}

static int fill_excluded(struct collector_state *state, struct snapshot *draft)
{
    struct table *table = snapshot_add_table(draft, state->excluded_columns, state->rows.excluded);

    if (!table)
        return -ENOMEM;
    for (size_t row = 0; row < state->rows.excluded_count; row++)
        table_set(table, row, 0, state->rows.excluded_kinds[row].devices);
    return 0;
}

static int link_collect(struct collector_state *state, struct snapshot *draft, struct fault *fault)
{
    int error;

    error = link_table_round(&state->links, link_dump, state, fault);
    if (error < 0)
        return error;
    error = link_rows_update(&state->rows, &state->links, state->filter);
    if (error == 0)
        device_filter_note(state->links.count, state->rows.links->count, fault);
    if (error == 0)
        error = fill_links(state, draft);
    if (error == 0)
        error = fill_info(state, draft);
    if (error == 0)
        error = snapshot_add_table(draft, state->peer_columns, state->rows.peers) ? 0 : -ENOMEM;
    if (error == 0)
        error = fill_excluded(state, draft);
    if (error == 0)
        error = fill_workloads(state, draft);
    if (error == 0)
        error = fill_node(state, draft, fault);
    return error < 0 ? fault_errno(fault, error, "link") : 0;
}

const struct collector link_collector = {
    .name = "link",
    .summary = "counters of every link, and what names it (rtnetlink)",
    .holds_rtnl = true,
    .counts_losses = true,
    .enabled = true,
    .interval = "15s",
    .filters_devices = true,
    .options = OPTION_TABLE(options, struct collector_settings),
    .node = link_node,
    .state_size = sizeof(struct collector_state),
    .open = link_open,
    .event_fd = link_event_fd,
    .event = link_event,
    .collect = link_collect,
    .close = link_close,
};
