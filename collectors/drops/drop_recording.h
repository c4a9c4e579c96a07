/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * A recorder's memory that this process writes itself, for a source that tells of each packet: drop_monitor
 * in packet mode. Which packets are kept, and which sites give way, is as in the BPF program
 * (bpf/recorder.bpf.h). What tells sites apart is the location and the reason. One thread.
 */

#include "base/hash.h"
#include "collectors/drops/drop_netlink_parse.h"
#include "collectors/drops/drop_recorder.h"

enum { DROP_RECORDING_REASONS_MAX = 512 }; /* the kernel has some hundred */

struct drop_recording {
    struct drop_recorder recorder; /* what is read; with count 0 nothing is recorded */
    struct drop_recorder_site *sites;
    struct drop_record *records;
    uint64_t *packets; /* of each site: dropped there, recorded or not */
    size_t used;       /* sites */
    struct hash_index by_key;
    char (*reasons)[DROP_REASON_SIZE]; /* by their numbers in keys */
    size_t reason_count;
    uint32_t full; /* until this window there is no site that might give way */
    uint64_t recorded;
    uint64_t unrecorded;
};

/* Prepares a recording of so many sites; with 0 nothing is recorded. Returns 0 or -ENOMEM, after which there
 * is nothing to release. */
int drop_recording_init(struct drop_recording *recording, size_t sites);
void drop_recording_done(struct drop_recording *recording); /* accepts a zeroed one */

/* Takes in a dropped packet. `now_ns` is CLOCK_BOOTTIME. */
void drop_recording_add(struct drop_recording *recording, const struct drop_packet *packet,
                        const struct drop_payload *payload, uint64_t now_ns);

/* Returns the text of a key's reason, or "" if it is not known. */
const char *drop_recording_reason(const struct drop_recording *recording, uint32_t reason);

/* Calls `each` with the number of packets that each site dropped. */
void drop_recording_totals(const struct drop_recording *recording,
                           void (*each)(const struct drop_recorder_key *key, uint64_t count, void *data),
                           void *data);
