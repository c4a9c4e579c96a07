/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The bounded table of drop sites: what a site is, how often it dropped, and what happens when there are more
 * sites than room. Pure memory: fed by the collector, one thread.
 *
 * A site is its label texts, the device's name included: a device that is renamed, or a new one under an
 * old ifindex, gets rows of its own and never takes over another's count. When the table is full, the row of
 * a device that is gone is given up, the least recently moved first; where there is none, the drop counts in
 * an `other` row of its class. The totals by class are complete whatever happens to rows.
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

enum { DROP_REASON_SIZE = 64 };

struct drop_labels {
    char function[KSYM_FUNCTION_SIZE];
    char module[KSYM_MODULE_SIZE];
    char reason[DROP_REASON_SIZE];
    char device[LINK_DEVICE_SIZE];
    uint32_t offset;       /* in the function */
    enum drop_netns netns; /* of the device */
    enum drop_protocol protocol;
    enum drop_circumstance circumstance; /* that its class depends on; 0: on none */
};

struct drop_site {
    struct drop_labels labels;
    enum loss_class loss_class;
    bool gone; /* its device is */
    uint64_t count;
    uint64_t moved; /* the round in which it last did */
    uint64_t hash;
};

struct drop_table {
    struct drop_site *sites;
    size_t count;
    size_t capacity;
    size_t max;
    struct hash_index index; /* the sites by their labels */
    uint64_t generation;     /* moves when a site comes or goes, or the first drop counts in an `other` row */
    uint64_t round;          /* moved by the owner */
    uint64_t other[LOSS_CLASS_COUNT];  /* the `other` rows */
    uint64_t totals[LOSS_CLASS_COUNT]; /* everything */
    struct limits *limits;             /* borrowed */
};

/* -ENOMEM */
int drop_table_init(struct drop_table *ret_table, size_t max, struct limits *limits);
void drop_table_done(struct drop_table *table); /* accepts a zeroed one */

/* Adds to the site of these labels, or to what stands for it. -ENOMEM: nothing was added. */
int drop_table_add(struct drop_table *table, const struct drop_labels *labels, uint64_t count);

/* Adds all of another table, each site under the labels that `relabel` (NULL: nobody) makes of its own, and
 * ends it. For want of memory a site counts in its `other` row. */
void drop_table_merge(struct drop_table *table, struct drop_table *from,
                      void (*relabel)(struct drop_labels *labels, void *data), void *data);

/* Looks which sites' devices are gone. */
void drop_table_sweep(struct drop_table *table, bool (*exists)(const char *device, void *data), void *data);
