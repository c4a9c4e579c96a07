/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/drops/drop_metrics.h"

/* The columns of the drop site tables, with their HELP and meaning. Constant data; any thread. */

#include "base/cleanup.h"
#include "collectors/meaning/drop_meaning.h"

/* Names the place of a drop without a device. Most of these have a device, but in another namespace. */
static const char *place(const struct row_set *rows, size_t row)
{
    if (label_value_holds(&(struct label_value){"netns", "other"}, rows, row))
        return "another namespace";
    if (label_value_holds(&(struct label_value){"netns", "self"}, rows, row))
        return "host";
    return "kernel"; /* the row does not say which namespace */
}

static bool is_of_named_netns(const struct row_set *rows, size_t row)
{
    static const char *const kinds[] = {"", "self", "other"};

    for (size_t i = 0; i < ELEMENTS(kinds); i++)
        if (label_value_holds(&(struct label_value){"netns", kinds[i]}, rows, row))
            return false;
    return true;
}

/* Fills in what the row's reason and function mean. */
static void refine_site(const struct row_set *rows, size_t row, struct meaning *meaning)
{
    char reason[64], function[64], class_name[16];
    const struct drop_meaning *found;

    if (is_of_named_netns(rows, row))
        meaning->subject = label_value_holds(&(struct label_value){"device", ""}, rows, row)
                               ? "{netns}"
                               : "{device} in {netns}";
    else if (label_value_holds(&(struct label_value){"device", ""}, rows, row))
        meaning->subject = place(rows, row);
    if (row_set_label(rows, row, "reason", reason, sizeof(reason)) < 0 ||
        row_set_label(rows, row, "function", function, sizeof(function)) < 0 ||
        row_set_label(rows, row, "class", class_name, sizeof(class_name)) < 0)
        return;
    found = drop_meaning_of_class(reason, function, class_name);
    if (!found)
        return;
    meaning->sentence = found->sentence;
    meaning->stage = cause_meanings[found->cause].stage;
    meaning->remedy = &remedies[cause_meanings[found->cause].remedy];
}

#define SITES(name, the_purpose, the_class)                                                                  \
    {                                                                                                        \
        .when = {{"class", name}}, .purpose = PURPOSE_##the_purpose, .stage = STAGE_UNKNOWN,                 \
        .loss_class = LOSS_##the_class, .subject = "{device}", .cause = "{reason} in {function}",            \
        .refine = refine_site                                                                                \
    }

static const struct meaning site_meanings[] = {
    SITES("capacity", LOSS, CAPACITY),
    SITES("error", LOSS, ERROR),
    SITES("policy", OTHER, POLICY),
    SITES("benign", OTHER, BENIGN),
    SITES("copy", OTHER, COPY),
    SITES("unknown", OTHER, UNKNOWN),
    {},
};

static const struct metric sites_metric = {
    .name = "netdrop_kernel_drops_total",
    .help = "Skbs dropped by a function of the kernel, with its reason, on this device; an skb of many "
            "segments (GSO, GRO) counts as one",
    .source = "tracepoint skb:kfree_skb",
    .type = METRIC_COUNTER,
    .meaning = site_meanings,
    .role = ROLE_DROP_SITES,
    .from_zero = true,
};

static const struct metric classes_metric = {
    .name = "netdrop_kernel_drops_by_class_total",
    .help = "Skbs dropped, by what the drop means: complete even if there are more sites than rows; lost "
            "events are of class unknown",
    .source = "tracepoint skb:kfree_skb",
    .type = METRIC_COUNTER,
};

/* A family of its own: together with the rows, rate() would take what a removed row had counted for new
 * drops. */
static const struct metric forgotten_metric = {
    .name = "netdrop_kernel_drops_forgotten_total",
    .help = "Skbs of sites without a row any more; with netdrop_kernel_drops_total and lost events they "
            "make netdrop_kernel_drops_by_class_total",
    .source = "tracepoint skb:kfree_skb",
    .type = METRIC_COUNTER,
};

static const struct metric segments_metric = {
    .name = "netdrop_kernel_dropped_segments_total",
    .help = "Packets dropped, by what the drop means; each segment of an skb counts (GSO, GRO); a lost event "
            "counts as one, of class unknown",
    .source = "skb_shared_info.gso_segs",
    .type = METRIC_COUNTER,
};

static const struct metric source_metrics[DROP_SOURCE_COLUMNS] = {
    [DROP_COLUMN_SITES] = {.name = "netdrop_kernel_drop_sites",
                           .help = "Drop sites that have a row",
                           .type = METRIC_GAUGE},
    [DROP_COLUMN_ACTIVE] = {.name = "netdrop_kernel_drop_source_active",
                            .help =
                                "Whether drops are being counted; 0 if another program stopped the monitor",
                            .type = METRIC_GAUGE},
    [DROP_COLUMN_MAP_BYTES] =
        {.name = "netdrop_kernel_drop_map_bytes",
         .help = "Kernel memory of the maps of the BPF program, most of it for each possible CPU; part of "
                 "no process",
         .source = "memlock of /proc/self/fdinfo",
         .unit = "bytes",
         .type = METRIC_GAUGE},
    [DROP_COLUMN_RECORDED_SITES] =
        {.name = "netdrop_kernel_drop_recorded_sites",
         .help = "Sites of which packets are recorded, at most collectors.drop_monitor.record_sites; one "
                 "that drops no more gives way to a new one",
         .type = METRIC_GAUGE},
    [DROP_COLUMN_RECORDED] =
        {.name = "netdrop_kernel_drops_recorded_total",
         .help = "Dropped packets that were recorded for --watch and --capture: the first four of a site, "
                 "then at most about four a second",
         .source = "tracepoint skb:kfree_skb",
         .type = METRIC_COUNTER,
         .role = ROLE_DROPS_RECORDED,
         .from_zero = true},
    [DROP_COLUMN_UNRECORDED] =
        {.name = "netdrop_kernel_drops_unrecorded_total",
         .help = "Dropped packets that were due to be recorded, and were not: as many sites as have room "
                 "dropped at the same time. Raise collectors.drop_monitor.record_sites",
         .source = "tracepoint skb:kfree_skb",
         .type = METRIC_COUNTER},
};

static const struct metric lost_metric = {
    .name = "netdrop_kernel_drop_events_lost_total",
    .help = "Dropped skbs without a row: queue of packet mode or BPF map full, or a drop in an interrupt "
            "while both BPF programs ran",
    .source = "NET_DM_ATTR_STATS_DROPPED, bpf_prog_info.recursion_misses",
    .type = METRIC_COUNTER,
    .role = ROLE_DROPS_UNSEEN,
};

static const struct metric overflows_metric = {
    .name = "netdrop_kernel_drop_overflows_total",
    .help = "Times an unknown number of dropped skbs was lost: socket full (ENOBUFS), 64 sites on one CPU in "
            "a second, or monitor stopped",
    .type = METRIC_COUNTER,
};

static const struct metric info_metric = {
    .name = "netdrop_kernel_drop_source_info",
    .help = "How drops are counted: source and mode",
    .type = METRIC_INFO,
};

const struct drop_metrics drop_metrics[DROP_ROWS_COUNT] = {
    [DROP_ROWS_SITES] = {&sites_metric, 1},
    [DROP_ROWS_CLASSES] = {&classes_metric, 1},
    [DROP_ROWS_FORGOTTEN] = {&forgotten_metric, 1},
    [DROP_ROWS_SEGMENTS] = {&segments_metric, 1},
    [DROP_ROWS_SOURCE] = {source_metrics, DROP_SOURCE_COLUMNS},
    [DROP_ROWS_LOST] = {&lost_metric, 1},
    [DROP_ROWS_OVERFLOWS] = {&overflows_metric, 1},
    [DROP_ROWS_INFO] = {&info_metric, 1},
};
