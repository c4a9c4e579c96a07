/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/ledger/ledger_metrics.h"

/* The metrics of the ledger, with their HELP. Constant data; any thread. */

const struct metric ledger_metrics[LEDGER_FAMILY_COUNT] = {
    [LEDGER_FAMILY_LOST] =
        {
            .name = "netdrop_lost_packets_total",
            .help = "Packets lost since the exporter began, each counted once: at its drop site, "
                    "or as unexplained if only a counter tells of it",
            .type = METRIC_COUNTER,
        },
    [LEDGER_FAMILY_STAGES] =
        {
            .name = "netdrop_lost_packets_by_stage_total",
            .help = "Packets lost, by where on their way; complete even if "
                    "netdrop_lost_packets_total has more causes than rows",
            .type = METRIC_COUNTER,
        },
    [LEDGER_FAMILY_REFUSED] =
        {
            .name = "netdrop_refused_packets_total",
            .help = "Packets dropped since the exporter began because of configuration: rules, "
                    "filters, routing policies",
            .type = METRIC_COUNTER,
        },
    [LEDGER_FAMILY_COMPLETE] =
        {
            .name = "netdrop_ledger_complete",
            .help =
                "Whether netdrop_lost_packets_total has each lost packet: 0 if no drop sites are counted, "
                "a collector of counters is off or fails, events were lost, or a network namespace is not "
                "seen",
            .type = METRIC_GAUGE,
        },
};
