/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/qdisc/qdisc.h"

/*
 * The qdisc collector: what every queueing discipline of every device counts, roots and children alike, from
 * one RTM_GETQDISC dump, joined with the names that link_table.h keeps. A parent counts its children's drops
 * too (net/sched/sch_api.c, qdisc_tree_reduce_backlog(); sch_mq.c, mq_dump()), so the two are told apart by a
 * label. Runs on the collector's own thread.
 *
 * A steady-state collection is one dump and renders and allocates nothing: rows are made again only when the
 * dump lists other qdiscs than the last one, or links.generation has moved.
 *
 * The kernel's dump holds a place by number (tc_dump_qdisc()) and never says NLM_F_DUMP_INTR: where devices
 * go while it lasts, others may be left out or come twice. What is left out is back with the next collection.
 */

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "collectors/kernel/link_table.h"
#include "collectors/qdisc/qdisc_metrics.h"
#include "collectors/qdisc/qdisc_parse.h"

#define NO_ROW UINT32_MAX

enum { QDISCS_MAX = 65536 };

struct collector_settings {
    bool children;
};

static const struct option options[] = {
    {
        .key = "children",
        .type = OPTION_BOOL,
        .offset = offsetof(struct collector_settings, children),
        .default_text = "true",
        .help = "queueing disciplines below others too, such as one for each queue of a NIC",
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
    struct link_table links;
    struct nl_msg *request; /* RTM_GETQDISC */
    struct column_set *columns;

    struct entry *entries;
    size_t count;
    size_t capacity;
    bool full;
    bool moved; /* other entries than the rows were made for */

    struct row_set *rows;
    size_t rendered;     /* entries that the rows were made for */
    uint64_t generation; /* of the links, when they were */
};

static void qdisc_close(struct collector_state *state)
{
    link_table_close(&state->links);
    nlmsg_freep(&state->request);
    column_set_unref(state->columns);
    row_set_unref(state->rows);
    free(state->entries);
}

static int qdisc_open(struct collector_state *state, const struct collector_context *context,
                      struct fault *fault)
{
    static const struct tcmsg header = {.tcm_family = AF_UNSPEC};
    int error;

    state->filter = context->devices;
    state->children = context->settings->children;
    error = netlink_message_new(RTM_GETQDISC, &header, sizeof(header), &state->request);
    if (error == 0)
        error = column_set_new(qdisc_metrics, QDISC_VALUE_COUNT, &state->columns);
    if (error < 0)
        return fault_errno(fault, error, "qdisc");
    return link_table_open(&state->links, context->limits, fault);
}

/* As link.c does, and for its reasons. */
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
    /* What is written over is the entry of the last dump, and mostly the same qdisc. */
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

    return netlink_dump(&state->links.request, state->request, &reader, state, fault);
}

static int add_row(struct collector_state *state, struct row_set *rows, struct entry *entry)
{
    const struct link *link = link_table_find(&state->links, entry->qdisc.ifindex);
    char handle[QDISC_HANDLE_SIZE], parent[QDISC_HANDLE_SIZE];
    int error;

    entry->row = NO_ROW;
    if (!link || !device_filter_match(state->filter, link->device, link->kind))
        return 0;
    qdisc_format_handle(entry->qdisc.handle, handle);
    qdisc_format_parent(entry->qdisc.parent, parent);
    error = row_set_add(rows, (const char *const[]){link->device, entry->qdisc.kind, handle, parent,
                                                    qdisc_is_root(&entry->qdisc) ? "true" : "false"});
    /* The same one told twice (see the head of this file), or two links of one name, which cannot be. */
    if (error == -EEXIST) {
        state->links.resync_due = true;
        return 0;
    }
    if (error < 0)
        return error;
    entry->row = (uint32_t)error;
    return 0;
}

static int update_rows(struct collector_state *state)
{
    _cleanup_(row_set_unrefp) struct row_set *rows = NULL;
    int error;

    if (!state->moved && state->count == state->rendered && state->generation == state->links.generation)
        return 0;
    state->moved = true; /* until it is done: entries forget their rows */
    error = row_set_new(labels, ELEMENTS(labels), &rows);
    for (size_t i = 0; i < state->count && error >= 0; i++)
        error = add_row(state, rows, &state->entries[i]);
    if (error < 0)
        return error;
    row_set_replace(&state->rows, take_ptr(rows));
    state->rendered = state->count;
    state->generation = state->links.generation;
    state->moved = false;
    return 0;
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
        error = fill(state, draft);
    return error < 0 ? fault_errno(fault, error, "qdisc") : 0;
}

const struct collector qdisc_collector = {
    .name = "qdisc",
    .summary = "drops, backlog and traffic of every queueing discipline (rtnetlink)",
    .needs = "nothing",
    .enabled = true,
    .interval = "5s",
    .filters_devices = true,
    .options = OPTION_TABLE(options, struct collector_settings),
    .state_size = sizeof(struct collector_state),
    .open = qdisc_open,
    .event_fd = qdisc_event_fd,
    .event = qdisc_event,
    .collect = qdisc_collect,
    .close = qdisc_close,
};
