/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/generate/node_names.h"

/* Writes the table of node_exporter's names. Main thread of the generator. */

#include <string.h>

#include "collectors/collector.h"

static const char *type_name(enum metric_type type)
{
    static const char *const names[] = {
        [METRIC_COUNTER] = "counter", [METRIC_GAUGE] = "gauge", [METRIC_UNKNOWN] = "untyped"};

    return names[type];
}

/* Escapes bars, which would end a cell of a table, even in code. */
static void append_code(struct buffer *out, const char *text)
{
    buffer_text(out, "`");
    for (; *text; text++)
        buffer_printf(out, "%s%c", *text == '|' ? "\\" : "", *text);
    buffer_text(out, "`");
}

static void append_metrics(struct buffer *out, const char *collector, const struct node_names *names)
{
    for (size_t i = 0; i < names->count; i++) {
        const struct node_metric *metric = &names->metrics[i];

        buffer_printf(out, "| `%s` | %s | ", metric->metric.name, type_name(metric->metric.type));
        if (metric->ours)
            append_code(out, metric->ours);
        buffer_printf(out, " | %s | %s |\n", collector, metric->note ? metric->note : "");
    }
}

static void append_notes(struct buffer *out, const char *name)
{
    for (size_t i = 0; i < collector_count; i++)
        for (size_t j = 0; collectors[i]->node && collectors[i]->node[j]; j++)
            if (strcmp(collectors[i]->node[j]->collector, name) == 0 && collectors[i]->node[j]->note)
                buffer_printf(out, "%s\n\n", collectors[i]->node[j]->note);
}

/* Writes all names of one of node_exporter's collectors; several of ours may have some of them. */
static void append_collector(struct buffer *out, const char *name)
{
    buffer_printf(out, "%s### %s\n\n", out->size ? "\n" : "", name);
    append_notes(out, name);
    buffer_text(out,
                "| name | type | on /metrics | collector here | what differs |\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < collector_count; i++)
        for (size_t j = 0; collectors[i]->node && collectors[i]->node[j]; j++)
            if (strcmp(collectors[i]->node[j]->collector, name) == 0)
                append_metrics(out, collectors[i]->name, collectors[i]->node[j]);
}

void node_names_document(struct buffer *out)
{
    static const char *const there[] = {"netdev",   "netclass",   "netstat", "softnet", "conntrack",
                                        "sockstat", "udp_queues", "arp",     "qdisc",   "ethtool"};

    for (size_t i = 0; i < sizeof(there) / sizeof(there[0]); i++)
        append_collector(out, there[i]);
}
