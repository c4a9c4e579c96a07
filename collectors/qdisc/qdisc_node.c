/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/qdisc/qdisc_node.h"

/* node_exporter's names for queueing disciplines, as in its collector/qdisc_linux.go. The collector's
 * thread. */

#include <errno.h>
#include <linux/pkt_sched.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/cleanup.h"

#define METRIC(key, the_type, text, our_key, value)                                                          \
    {                                                                                                        \
        .metric = {.name = "node_qdisc_" key, .help = text, .type = METRIC_##the_type},                      \
        .ours = "netdrop_qdisc_" our_key "{root=\"true\", parent=\"\"}", NODE_SUM(QDISC_##value)             \
    }

static const struct node_metric metrics[] = {
    METRIC("bytes_total", COUNTER, "Number of bytes sent", "bytes_total", BYTES),
    METRIC("packets_total", COUNTER, "Number of packets sent", "packets_total", PACKETS),
    METRIC("drops_total", COUNTER, "Number of packets dropped", "drops_total", DROPS),
    METRIC("requeues_total", COUNTER, "Number of packets dequeued, not transmitted, and requeued",
           "requeues_total", REQUEUES),
    METRIC("overlimits_total", COUNTER, "Number of overlimit packets", "overlimits_total", OVERLIMITS),
    METRIC("current_queue_length", GAUGE, "Number of packets currently in queue to be sent",
           "backlog_packets", BACKLOG_PACKETS),
    METRIC("backlog", GAUGE, "Number of bytes currently in queue to be sent", "backlog_bytes", BACKLOG_BYTES),
};

static const struct node_names qdisc = {
    .collector = "qdisc",
    .metrics = metrics,
    .count = ELEMENTS(metrics),
    .note =
        "Roots of transmission alone, as there; off there by default. Packets are 64 bits wide, there 32.",
};

const struct node_names *const qdisc_node[] = {&qdisc, NULL};

int qdisc_node_open(struct qdisc_node *node)
{
    return node_columns_new(&qdisc, &node->columns);
}

void qdisc_node_done(struct qdisc_node *node)
{
    column_set_unref(node->columns);
    row_set_unref(node->rows);
    free(node->entries);
    *node = (struct qdisc_node){};
}

int qdisc_node_begin(struct qdisc_node *node)
{
    static const char *const labels[] = {"device", "kind"};

    node->count = 0;
    node->rows = row_set_unref(node->rows);
    return node->columns ? row_set_new(labels, ELEMENTS(labels), &node->rows) : 0;
}

int qdisc_node_add(struct qdisc_node *node, const char *device, const struct qdisc *root, size_t entry)
{
    int error;

    if (!node->columns || root->parent != TC_H_ROOT)
        return 0;
    error = array_grow(node->entries, node->count, node->capacity);
    if (error == 0)
        error = row_set_add(node->rows, (const char *const[]){device, root->kind});
    if (error == -EEXIST) /* the dump reported a qdisc before and after it was replaced */
        return 0;
    if (error < 0)
        return error;
    node->entries[node->count++] = entry;
    return 0;
}

void qdisc_node_end(struct qdisc_node *node)
{
    if (node->rows)
        row_set_seal(node->rows);
}
