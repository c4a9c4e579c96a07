/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/drops/drop_metrics.h"

/* See drop_metrics.h. */

#include "collectors/meaning/drop_meaning.h"

/* Where a drop was that has no device. Most of those have one that is not ours to name. */
static const char *place(const struct row_set *rows, size_t row)
{
    if (label_value_holds(&(struct label_value){"netns", "other"}, rows, row))
        return "another namespace";
    if (label_value_holds(&(struct label_value){"netns", "self"}, rows, row))
        return "host";
    return "kernel"; /* it does not say which namespace */
}

/* What the kernel's reason and function mean, which are the row's. */
static void refine_site(const struct row_set *rows, size_t row, struct meaning *meaning)
{
    char reason[64], function[64], class_name[16];
    const struct drop_meaning *found;

    if (label_value_holds(&(struct label_value){"device", ""}, rows, row))
        meaning->subject = place(rows, row);
    if (row_set_label(rows, row, "reason", reason, sizeof(reason)) < 0 ||
        row_set_label(rows, row, "function", function, sizeof(function)) < 0 ||
        row_set_label(rows, row, "class", class_name, sizeof(class_name)) < 0)
        return;
    found = drop_meaning_of_class(reason, function, class_name);
    if (!found)
        return;
    meaning->sentence = found->sentence;
    meaning->remedy = &remedies[found->remedy];
}

#define SITES(name, the_purpose, the_class, the_detail)                                                      \
    {                                                                                                        \
        .when = {{"class", name}}, .purpose = PURPOSE_##the_purpose, .stage = STAGE_UNKNOWN,                 \
        .loss_class = LOSS_##the_class, .subject = "{device}", .cause = "{reason} in {function}",            \
        .layer = LAYER_SITE, .detail = the_detail, .from_zero = true, .refine = refine_site                  \
    }

static const struct meaning site_meanings[] = {
    SITES("capacity", LOSS, CAPACITY, 0), SITES("error", LOSS, ERROR, 1),
    SITES("policy", OTHER, POLICY, 2),    SITES("benign", OTHER, BENIGN, 3),
    SITES("unknown", OTHER, UNKNOWN, 4),  {},
};

static const struct metric sites_metric = {
    .name = "netdrop_kernel_drops_total",
    .help =
        "Skbs dropped by a function of the kernel, with the reason it gave, on this device. An skb is a packet; "
        "with segmentation offload (GSO, GRO) it holds many segments, and counts one",
    .source = "tracepoint skb:kfree_skb",
    .type = METRIC_COUNTER,
    .meaning = site_meanings,
    .role = ROLE_DROP_SITES,
};

static const struct metric classes_metric = {
    .name = "netdrop_kernel_drops_by_class_total",
    .help =
        "Skbs dropped (packets; one with many segments counts one), by what it means; complete, also where "
        "there are more sites than rows. Lost events are of class unknown",
    .source = "tracepoint skb:kfree_skb",
    .type = METRIC_COUNTER,
};

static const struct metric source_metrics[DROP_SOURCE_COLUMNS] = {
    [DROP_COLUMN_SITES] = {.name = "netdrop_kernel_drop_sites",
                           .help = "Sites that skbs were dropped at, each with its row",
                           .type = METRIC_GAUGE},
    [DROP_COLUMN_ACTIVE] = {.name = "netdrop_kernel_drop_source_active",
                            .help =
                                "Whether drops are being counted; 0 where somebody else stopped the monitor",
                            .type = METRIC_GAUGE},
};

static const struct metric lost_metric = {
    .name = "netdrop_kernel_drop_events_lost_total",
    .help =
        "Dropped skbs that have no row: the queue of packet mode or the BPF map was full, or an interrupt "
        "dropped while the BPF program ran",
    .source = "NET_DM_ATTR_STATS_DROPPED, bpf_prog_info.recursion_misses",
    .type = METRIC_COUNTER,
};

static const struct metric overflows_metric = {
    .name = "netdrop_kernel_drop_overflows_total",
    .help =
        "Incidents that lost an unknown number of dropped skbs: a full socket (ENOBUFS), 64 sites of a CPU within "
        "a second, a monitor that somebody stopped",
    .type = METRIC_COUNTER,
};

static const struct metric info_metric = {
    .name = "netdrop_kernel_drop_source_info",
    .help = "How drops are counted: the source, and its mode",
    .type = METRIC_INFO,
};

const struct drop_metrics drop_metrics[DROP_ROWS_COUNT] = {
    [DROP_ROWS_SITES] = {&sites_metric, 1},
    [DROP_ROWS_CLASSES] = {&classes_metric, 1},
    [DROP_ROWS_SOURCE] = {source_metrics, DROP_SOURCE_COLUMNS},
    [DROP_ROWS_LOST] = {&lost_metric, 1},
    [DROP_ROWS_OVERFLOWS] = {&overflows_metric, 1},
    [DROP_ROWS_INFO] = {&info_metric, 1},
};
