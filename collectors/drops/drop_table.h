/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The table of drop sites, which is bounded: what a site is, how many drops it has, and what happens if
 * there are more sites than room. Pure memory, one thread.
 *
 * The texts of its labels make a site, the name of the device among them. So a device that is renamed, or a
 * new one under an old ifindex, gets rows of its own and never takes over another's count. If the table is
 * full, the row of a device that is gone is evicted, the one that moved least recently first. If there is
 * none, the drop counts in an `other` row of its class. Sites in named namespaces have room of their own; if
 * that is full and all of them dropped lately, further ones are counted without the name. The totals by
 * class are always complete: what evicted rows had counted is kept apart, and adds up to them together with
 * all rows.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/limits.h"
#include "collectors/drops/bpf/drop_key.h"
#include "collectors/kernel/ksyms_parse.h"
#include "collectors/kernel/link_parse.h"
#include "collectors/meaning/drop_meaning.h"

enum {
    DROP_REASON_SIZE = 64,
    DROP_SPACE_SIZE = 128,
};

struct drop_labels {
    char function[KSYM_FUNCTION_SIZE];
    char module[KSYM_MODULE_SIZE];
    char reason[DROP_REASON_SIZE];
    char device[LINK_DEVICE_SIZE];
    uint32_t offset;             /* in the function */
    enum drop_netns netns;       /* of the device */
    char space[DROP_SPACE_SIZE]; /* name of another namespace, which then has the device; "" if not known */
    enum drop_protocol protocol;
    enum drop_circumstance circumstance; /* that its class depends on; 0 if on none */
};

struct drop_site {
    struct drop_labels labels;
    enum loss_class loss_class;
    bool gone; /* its device is gone */
    uint64_t count;
    uint64_t moved_ns; /* time of its last drop */
    uint64_t hash;
};

struct drop_table {
    struct drop_site *sites;
    size_t count;
    size_t capacity;
    size_t max;              /* without those in named namespaces, which may be as many again */
    size_t spaced_count;     /* of these */
    struct hash_index index; /* the sites by their labels */
    uint64_t generation;     /* moves when a site comes or goes, or the first drop counts in an `other` row */
    uint64_t now_ns;         /* CLOCK_BOOTTIME; set by the owner before each round of adding */
    uint64_t other[LOSS_CLASS_COUNT];     /* the `other` rows */
    uint64_t forgotten[LOSS_CLASS_COUNT]; /* of evicted rows */
    uint64_t totals[LOSS_CLASS_COUNT];    /* everything */
    uint64_t segments[LOSS_CLASS_COUNT];  /* and how many packets that was */
    struct limits *limits;                /* borrowed */
};

/* Returns how many sites cannot be evicted: those in named namespaces if `spaced`, otherwise the others. */
size_t drop_table_staying(const struct drop_table *table, bool spaced);

/* Returns 0 or -ENOMEM. */
int drop_table_init(struct drop_table *ret_table, size_t max, struct limits *limits);
void drop_table_done(struct drop_table *table); /* accepts a zeroed struct */

/* Adds to the site of these labels, or to the row that takes its place. `segments` counts in the totals of
 * its class only. Returns 0, or -ENOMEM, and then nothing was added. */
int drop_table_add(struct drop_table *table, const struct drop_labels *labels, uint64_t count,
                   uint64_t segments);

/* Removes the name of another namespace, and with it that of its device. */
void drop_labels_unname(struct drop_labels *labels);

/* Adds all of another table and frees that. `relabel` may change the labels of each site; NULL changes none.
 * If memory runs out, a site counts in its `other` row. */
void drop_table_merge(struct drop_table *table, struct drop_table *from,
                      void (*relabel)(struct drop_labels *labels, void *data), void *data);

/* Notes for each site whether its device is gone. */
void drop_table_sweep(struct drop_table *table, bool (*exists)(const char *device, void *data), void *data);
