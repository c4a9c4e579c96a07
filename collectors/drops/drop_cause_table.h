/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Drops since the process began, by cause, for the ledger to compare counters with. Complete whatever happens
 * to the rows of sites. Pure memory, one thread.
 *
 * Rows are never removed, so no count decreases. The number of rows with a device is bounded: a drop without
 * room counts in the row without a device, whose number the vocabularies bound.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/limits.h"
#include "collectors/drops/bpf/drop_key.h"
#include "collectors/kernel/link_parse.h"
#include "collectors/meaning/drop_cause.h"

enum { DROP_CAUSE_DEVICE_ROWS_MAX = 2000 };

/* What tells rows apart beside the device; the cause has the stage and the class. */
struct drop_cause_key {
    enum drop_cause cause;
    enum direction direction;
    enum drop_netns netns;
    unsigned ip_version; /* 0 if neither, or not known */
};

struct drop_cause_row {
    struct drop_cause_key key;
    char device[LINK_DEVICE_SIZE]; /* of our own namespace; "" if none, or not known */
    uint64_t skbs;
    uint64_t segments;
};

struct drop_cause_table {
    struct drop_cause_row *rows;
    size_t count;
    size_t capacity;
    size_t device_rows;      /* of these have a device */
    struct hash_index index; /* the rows by their keys */
    struct limits *limits;   /* borrowed */
};

/* Accepts a zeroed struct, which is an empty one. */
void drop_cause_table_done(struct drop_cause_table *table);

/* Returns the row that counts it, which is valid until the next call, or NULL if memory runs out. */
struct drop_cause_row *drop_cause_table_row(struct drop_cause_table *table, const struct drop_cause_key *key,
                                            const char *device);
