/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Prepares recorded packets for readers: gives them names in place of numbers, and cuts each behind its
 * headers (packet_headers.h). Nothing else of a packet leaves the collector. One thread.
 */

#include "collectors/drops/drop_naming.h"
#include "collectors/packet_records.h"

/* How many packets of a place were shown so far. The source may remove what it counts a place by, and make
 * it again. */
struct drop_place_total {
    uint32_t generation; /* of the site that has it */
    uint64_t last;       /* what the source had at the last look */
    uint64_t packets;
};

enum { DROP_PACKETS_SHOWN = 3 }; /* the snapshot that is shown, the one that is made, and one that is read */

struct drop_packets {
    size_t keep; /* bytes of a packet that are kept even if its headers are shorter */
    struct drop_place_total *totals;
    size_t count; /* of places; 0 if none was looked at yet */

    /* Memory of earlier looks, used again: a steady state allocates nothing. */
    struct packet_records *shown[DROP_PACKETS_SHOWN];
    struct drop_packets_reading *reading;
};

void drop_packets_done(struct drop_packets *packets); /* accepts a zeroed one */

/* Frees the memory of earlier looks. For when nobody asks for packets any more. */
void drop_packets_rest(struct drop_packets *packets);

/* Attaches the recorded packets to the draft. Call it after the counts were taken. Attaches nothing if
 * nothing is recorded. Returns 0 or -ENOMEM. */
int drop_packets_show(struct drop_packets *packets, struct drop_naming *naming,
                      const struct drop_recorder *recorder, struct snapshot *draft);
