/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Bursts of drops by size, for each class and device. Pure memory, bounded: if it is full, the row of a
 * device that is gone is merged into the row of its class whose device is "other"; if no device is gone, new
 * bursts go there too. One thread.
 *
 * A burst is counted while it lasts, so at first among the small ones. The shown count of a size never
 * decreases all the same: it is the largest so far, which the next bursts of that size make true again.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/table/meaning.h"
#include "collectors/drops/bpf/drop_key.h"
#include "collectors/kernel/link_parse.h"

enum { DROP_BURST_ROWS_MAX = 200 };

struct drop_burst_row {
    enum loss_class loss_class;
    bool gone; /* its device is gone */
    char device[LINK_DEVICE_SIZE];
    uint64_t reached[DROP_BURST_STEPS]; /* as struct drop_bursts */
    uint64_t shown[DROP_BURST_STEPS];   /* bursts of that size or less */
    uint64_t skbs;                      /* in all bursts */
};

struct drop_burst_table {
    struct drop_burst_row *rows;
    size_t count;
    size_t capacity;
    uint64_t generation;   /* moves when a row comes or goes */
    struct limits *limits; /* borrowed */
};

void drop_burst_table_done(struct drop_burst_table *table); /* accepts a zeroed struct */

/* Adds the bursts of a class on a device. Returns 0 or -ENOMEM. */
int drop_burst_table_add(struct drop_burst_table *table, enum loss_class loss_class, const char *device,
                         const struct drop_bursts *came, uint64_t skbs);

/* Notes for each row whether its device is gone. */
void drop_burst_table_sweep(struct drop_burst_table *table, bool (*exists)(const char *device, void *data),
                            void *data);

/* Writes how many bursts of each size a row shows: 1, up to 4, up to 16, ... any. */
void drop_burst_sizes(struct drop_burst_row *row, uint64_t sizes[DROP_BURST_STEPS]);
