/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Counts equal events together: packet mode sends each packet, and packets with the same location, reason and
 * protocol become one count. Bounded. Pure memory, one thread.
 */

#include <stddef.h>
#include <stdint.h>

#include "collectors/drops/drop_netlink_parse.h"

enum { DROP_COUNTS_MAX = 8192 }; /* kinds of events between two readings */

struct drop_counted {
    struct drop_packet packet;
    uint64_t count;
};

struct drop_counts {
    struct drop_counted *items;
    size_t count;
    size_t capacity;
    size_t merged; /* so many, at the front, are ascending and no two alike */
};

/* Adds events. Returns 0, -ENOSPC if there are too many kinds, or -ENOMEM. After a failure they are not
 * counted. */
int drop_counts_add(struct drop_counts *counts, const struct drop_packet *packet, uint64_t count);

/* Merges equal events, so that each kind is there once. */
void drop_counts_merge(struct drop_counts *counts);

/* Removes all events and keeps the memory. */
void drop_counts_clear(struct drop_counts *counts);
void drop_counts_done(struct drop_counts *counts); /* accepts a zeroed struct */
