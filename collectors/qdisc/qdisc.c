/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/qdisc/qdisc.h"

/*
 * The qdisc collector, on its own thread: what every queueing discipline of every device counts, roots and
 * children alike, from one RTM_GETQDISC dump. link_table.h has the names of the devices. A parent counts the
 * drops of its children too (net/sched/sch_api.c, qdisc_tree_reduce_backlog(); sch_mq.c, mq_dump()), so a
 * label tells them apart. The queues of a multiqueue device are summed by kind (qdisc_sums.h).
 */

#include <errno.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "collectors/kernel/link_table.h"
#include "collectors/qdisc/qdisc_metrics.h"
#include "collectors/qdisc/qdisc_node.h"
#include "collectors/qdisc/qdisc_parse.h"
#include "collectors/qdisc/qdisc_sums.h"

#define NO_ROW UINT32_MAX

enum { QDISCS_MAX = 65536 };

struct collector_settings {
    bool children;
    bool per_queue;
};

static const struct option options[] = {
    {
        .key = "children",
        .type = OPTION_BOOL,
        .offset = offsetof(struct collector_settings, children),
        .default_text = "true",
        .help = "show queueing disciplines below others too, such as those of the queues of a NIC",
        .other_series = "false",
    },
    {
        .key = "per_queue",
        .type = OPTION_BOOL,
        .offset = offsetof(struct collector_settings, per_queue),
        .default_text = "false",
        .help = "show those of the queues of a NIC (below mq, mqprio or taprio) one by one, instead "
                "of their sums by kind",
        .other_series = "true",
    },
};

static const char *const labels[] = {"device", "kind", "handle", "parent", "root"};

/* A qdisc of the last dump, and its row. */
struct entry {
    struct qdisc qdisc;
    uint32_t row;
};

struct collector_state {
    const struct device_filter *filter;
    bool children;
    bool per_queue;
    struct link_table links;
    struct nl_msg *request; /* RTM_GETQDISC */
    struct column_set *columns;
    struct qdisc_node node;

    struct entry *entries;
    size_t count;
    size_t capacity;
    bool full;
    bool moved; /* the entries differ from those of the rows */

    struct qdisc_sums sums;
    struct row_set *rows;
    size_t rendered;     /* number of entries when the rows were made */
    uint64_t generation; /* of the links, when the rows were made */
};

static void qdisc_close(struct collector_state *state)
{
    link_table_close(&state->links);
    nlmsg_freep(&state->request);
    column_set_unref(state->columns);
    row_set_unref(state->rows);
    qdisc_node_done(&state->node);
    free(state->entries);
    qdisc_sums_done(&state->sums);
}

static int qdisc_open(struct collector_state *state, const struct collector_context *context,
                      struct fault *fault)
{
    static const struct tcmsg header = {.tcm_family = AF_UNSPEC};
    int error;

    state->filter = context->devices;
    state->children = context->settings->children;
    state->per_queue = context->settings->per_queue;
    error = netlink_message_new(RTM_GETQDISC, &header, sizeof(header), &state->request);
    if (error == 0)
        error = column_set_new(qdisc_metrics, QDISC_VALUE_COUNT, &state->columns);
    if (error == 0 && context->node_exporter)
        error = qdisc_node_open(&state->node);
    if (error < 0)
        return fault_errno(fault, error, "qdisc");
    return link_table_open(&state->links, context->limits, fault);
}

/* link.c says why notifications are handled as they arrive. */
static int qdisc_event_fd(struct collector_state *state)
{
    return link_table_fd(&state->links);
}

static int qdisc_event(struct collector_state *state, struct fault *fault)
{
    return link_table_drain(&state->links, fault);
}

static void dump_begin(void *data)
{
    struct collector_state *state = data;

    state->count = 0;
    state->full = false;
}

static int entries_grow(struct collector_state *state)
{
    size_t before = state->capacity;
    int error = array_grow(state->entries, state->count, state->capacity);

    if (error == 0)
        memset(&state->entries[before], 0, (state->capacity - before) * sizeof(*state->entries));
    return error;
}

static int dump_message(const struct nlmsghdr *message, void *data)
{
    struct collector_state *state = data;
    struct entry *entry;
    struct qdisc qdisc;
    int error;

    error = qdisc_parse(message, &qdisc);
    if (error < 0)
        return error == -ENODATA ? 0 : error;
    if (!state->children && !qdisc_is_root(&qdisc))
        return 0;
    if (state->count >= QDISCS_MAX) {
        state->full = true;
        return 0;
    }
    error = entries_grow(state);
    if (error < 0)
        return error;
    entry = &state->entries[state->count];
    /* The old entry at this place is that of the last dump, and mostly the same qdisc. */
    if (state->count >= state->rendered || !qdisc_same(&entry->qdisc, &qdisc))
        state->moved = true;
    entry->qdisc = qdisc;
    state->count++;
    return 0;
}

static int qdisc_dump(void *data, struct fault *fault)
{
    static const struct netlink_reader reader = {
        .what = "RTM_GETQDISC dump", .begin = dump_begin, .message = dump_message};
    struct collector_state *state = data;
    int error = netlink_dump(&state->links.request, state->request, &reader, state, fault);

    if (error == -EOPNOTSUPP)
        return fault_unsupported(fault, "the kernel has no queueing disciplines (CONFIG_NET_SCHED)");
    return error;
}

/* Adds a row of the qdisc, or of all qdiscs of its kind below a root (`sum`). */
static int add_row(struct collector_state *state, struct row_set *rows, const struct qdisc *qdisc, bool sum,
                   uint32_t *ret_row)
{
    const struct link *link = link_table_find(&state->links, qdisc->ifindex);
    char handle[QDISC_HANDLE_SIZE] = "", parent[QDISC_HANDLE_SIZE];
    int error;

    *ret_row = NO_ROW;
    if (!link || !device_filter_match(state->filter, link->device, link->kind))
        return 0;
    if (sum) {
        qdisc_format_handle(qdisc->parent, parent);
    } else {
        qdisc_format_handle(qdisc->handle, handle);
        qdisc_format_parent(qdisc->parent, parent);
    }
    error = row_set_add(rows, (const char *const[]){link->device, qdisc->kind, handle, parent,
                                                    qdisc_is_root(qdisc) ? "true" : "false"});
    /* A dump may report a qdisc twice if it changes meanwhile. Two links of one name do not exist: the table
     * is out of date. */
    if (error == -EEXIST) {
        state->links.resync_due = true;
        return 0;
    }
    if (error < 0)
        return error;
    *ret_row = (uint32_t)error;
    return 0;
}

/* Adds one row for each group of queues. */
static int add_sums(struct collector_state *state, struct row_set *rows)
{
    struct qdisc_sums *sums = &state->sums;
    int error = 0;

    qdisc_sums_end(sums);
    for (size_t begin = 0, end; begin < sums->count && error == 0; begin = end) {
        struct qdisc sum = {.ifindex = sums->parts[begin].ifindex, .parent = sums->parts[begin].root};

        memcpy(sum.kind, sums->parts[begin].kind, sizeof(sum.kind));
        end = qdisc_sums_group(sums, begin);
        error = add_row(state, rows, &sum, true, &sums->parts[begin].row);
    }
    return error;
}

/* Gives each qdisc a row, or a part in a sum. The kernel reports a root before what is below it
 * (tc_dump_qdisc_root()). */
static int add_rows(struct collector_state *state, struct row_set *rows)
{
    const struct qdisc *root = NULL;
    int error = 0;

    qdisc_sums_begin(&state->sums);
    for (size_t i = 0; i < state->count && error == 0; i++) {
        struct entry *entry = &state->entries[i];
        const struct qdisc *qdisc = &entry->qdisc;

        if (qdisc->parent == TC_H_ROOT)
            root = !state->per_queue && qdisc_has_queues(qdisc) ? qdisc : NULL;
        if (!root || !qdisc_is_below(qdisc, root)) {
            error = add_row(state, rows, qdisc, false, &entry->row);
            continue;
        }
        entry->row = NO_ROW;
        error = qdisc_sums_add(&state->sums, qdisc, root->handle, i);
    }
    return error == 0 ? add_sums(state, rows) : error;
}

/* Returns 0 only if the filter leaves no device. Without it, no rows may also mean that the devices have no
 * qdisc. */
static size_t count_left(const struct collector_state *state)
{
    size_t left = state->rows->count;

    for (size_t i = 0; i < state->links.count && !left; i++)
        left +=
            device_filter_match(state->filter, state->links.items[i]->device, state->links.items[i]->kind);
    return left;
}

static int make_node_rows(struct collector_state *state)
{
    int error = qdisc_node_begin(&state->node);

    for (size_t i = 0; i < state->count && error == 0; i++) {
        const struct link *link = link_table_find(&state->links, state->entries[i].qdisc.ifindex);

        if (link && state->entries[i].row != NO_ROW)
            error = qdisc_node_add(&state->node, link->device, &state->entries[i].qdisc, i);
    }
    qdisc_node_end(&state->node);
    return error;
}

static int update_rows(struct collector_state *state)
{
    _cleanup_(row_set_unrefp) struct row_set *rows = NULL;
    int error;

    if (!state->moved && state->count == state->rendered && state->generation == state->links.generation)
        return 0;
    state->moved = true; /* until it succeeds: the entries lose their rows */
    error = row_set_new(labels, ELEMENTS(labels), &rows);
    if (error == 0)
        error = add_rows(state, rows);
    if (error == 0)
        error = make_node_rows(state);
    if (error < 0)
        return error;
    row_set_replace(&state->rows, take_ptr(rows));
    state->rendered = state->count;
    state->generation = state->links.generation;
    state->moved = false;
    return 0;
}

static void fill_sums(struct collector_state *state, struct table *table, size_t *hint)
{
    struct qdisc_sums *sums = &state->sums;

    for (size_t begin = 0, end; begin < sums->count; begin = end) {
        const struct qdisc_part *first = &sums->parts[begin];
        uint64_t sum;

        end = qdisc_sums_group(sums, begin);
        for (size_t i = begin; i < end; i++)
            sums->parts[i].now = &state->entries[sums->parts[i].entry].qdisc;
        if (first->row == NO_ROW || !link_table_join(&state->links, first->ifindex, hint))
            continue;
        for (unsigned value = 0; value < QDISC_VALUE_COUNT; value++)
            if (qdisc_sums_take(sums, begin, end, (enum qdisc_value)value, &sum))
                table_set(table, first->row, value, sum);
    }
}

static int fill(struct collector_state *state, struct snapshot *draft)
{
    struct table *table = snapshot_add_table(draft, state->columns, state->rows);
    size_t hint = 0;

    if (!table)
        return -ENOMEM;
    for (size_t i = 0; i < state->count; i++) {
        const struct entry *entry = &state->entries[i];

        if (entry->row == NO_ROW || !link_table_join(&state->links, entry->qdisc.ifindex, &hint))
            continue;
        for (size_t value = 0; value < QDISC_VALUE_COUNT; value++)
            if (entry->qdisc.present >> value & 1)
                table_set(table, entry->row, value, entry->qdisc.values[value]);
    }
    fill_sums(state, table, &hint);
    return 0;
}

static int fill_node(struct collector_state *state, struct snapshot *draft)
{
    const struct qdisc_node *node = &state->node;
    struct table *table;
    size_t hint = 0;

    if (!node->columns)
        return 0;
    table = snapshot_add_table(draft, node->columns, node->rows);
    if (!table)
        return -ENOMEM;
    for (size_t row = 0; row < node->count; row++) {
        const struct qdisc *qdisc = &state->entries[node->entries[row]].qdisc;

        if (link_table_join(&state->links, qdisc->ifindex, &hint))
            node_fill(qdisc_node[0], table, row, qdisc->values, qdisc->present);
    }
    return 0;
}

static int qdisc_collect(struct collector_state *state, struct snapshot *draft, struct fault *fault)
{
    int error;

    error = link_table_round(&state->links, qdisc_dump, state, fault);
    if (error < 0)
        return error;
    if (state->full)
        limit_hit(state->links.limits, LIMIT_QDISCS);
    error = update_rows(state);
    if (error == 0)
        device_filter_note(state->links.count, count_left(state), fault);
    if (error == 0)
        error = fill(state, draft);
    if (error == 0)
        error = fill_node(state, draft);
    return error < 0 ? fault_errno(fault, error, "qdisc") : 0;
}

const struct collector qdisc_collector = {
    .name = "qdisc",
    .summary = "drops, backlog and traffic of every queueing discipline (rtnetlink)",
    .needs = "queueing disciplines in the kernel (CONFIG_NET_SCHED)",
    .holds_rtnl = true,
    .counts_losses = true,
    .enabled = true,
    .interval = "15s",
    .filters_devices = true,
    .options = OPTION_TABLE(options, struct collector_settings),
    .node = qdisc_node,
    .state_size = sizeof(struct collector_state),
    .open = qdisc_open,
    .event_fd = qdisc_event_fd,
    .event = qdisc_event,
    .collect = qdisc_collect,
    .close = qdisc_close,
};
