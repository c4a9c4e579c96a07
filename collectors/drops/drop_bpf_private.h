/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What the BPF source keeps while it is open: drop_bpf.c reads counts by it, drop_bpf_records.c packets. */

#include "collectors/drops/drop_bpf.h"
#include "collectors/drops/drop_epoch.h"
#include "collectors/drops/drop_map.h"
#include "collectors/drops/drop_reason.h"
#include "collectors/drops/drop_workload_map.h"

struct drop_bpf_state {
    struct drop_handles handles;
    struct drop_reasons reasons;
    struct drop_map sites;
    struct drop_map bursts;
    struct drop_epoch epoch; /* of these two */
    struct drop_workload_map workloads;
    size_t cpus;
    uint64_t tallies[DROP_TALLY_COUNT];
    uint64_t recursions;
    uint64_t loaded_ns; /* CLOCK_BOOTTIME: the program was */
    uint32_t abilities; /* enum drop_ability */
    uint64_t map_bytes;
    size_t record_sites; /* for which the recorder has room; 0 if nothing is recorded */
};

/* Reads the size of the recorder. Returns 0 or -errno. */
int drop_bpf_records_begin(struct drop_bpf_state *state);

/* The recorder's functions of struct drop_source, whose contracts apply. */
int drop_bpf_recorder(const void *data, struct drop_recorder *ret_recorder);
void drop_bpf_recorder_done(struct drop_recorder *recorder);
void drop_bpf_totals(const void *data,
                     void (*each)(const struct drop_recorder_key *key, uint64_t count, void *each_data),
                     void *each_data);
