/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The bounded table of drop sites: what a site is, how many drops it has, and what happens if there are more
 * sites than room. Pure memory, one thread.
 *
 * A site is its label texts, the device's name included: a device that is renamed, or a new one under an
 * old ifindex, gets rows of its own and never takes over another's count. When the table is full, the row of
 * a device that is gone is given up, the least recently moved first; where there is none, the drop counts in
 * an `other` row of its class. Sites of other namespaces that have a name have room of their own; where that
 * is full, and none of them has stood still for a while, they are counted without the name. The totals by
 * class are complete whatever happens to rows: what had the rows that were given up is kept apart, so that it
 * and all rows always add up to them.
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
    char space[DROP_SPACE_SIZE]; /* what another one is called, whose device it then is; "" if not known */
    enum drop_protocol protocol;
    enum drop_circumstance circumstance; /* that its class depends on; 0 if on none */
};

struct drop_site {
    struct drop_labels labels;
    enum loss_class loss_class;
    bool gone; /* its device is */
    uint64_t count;
    uint64_t moved_ns; /* when it last did */
    uint64_t hash;
};

struct drop_table {
    struct drop_site *sites;
    size_t count;
    size_t capacity;
    size_t max;              /* those of other namespaces that have a name apart, which are at most as many */
    size_t spaced_count;     /* of these */
    struct hash_index index; /* the sites by their labels */
    uint64_t generation;     /* moves when a site comes or goes, or the first drop counts in an `other` row */
    uint64_t now_ns;         /* CLOCK_BOOTTIME; set by the owner before each round of adding */
    uint64_t other[LOSS_CLASS_COUNT];     /* the `other` rows */
    uint64_t forgotten[LOSS_CLASS_COUNT]; /* of the rows that were given up */
    uint64_t totals[LOSS_CLASS_COUNT];    /* everything */
    uint64_t segments[LOSS_CLASS_COUNT];  /* and how many packets that was */
    struct limits *limits;                /* borrowed */
};

/* Returns how many sites of namespaces that have a name, or of the others, do not make room for new ones. */
size_t drop_table_staying(const struct drop_table *table, bool spaced);

/* Returns 0 or -ENOMEM. */
int drop_table_init(struct drop_table *ret_table, size_t max, struct limits *limits);
void drop_table_done(struct drop_table *table); /* accepts a zeroed struct */

/* Adds to the site of these labels, or to what stands for it. `segments` goes to the totals of its class
 * only. Returns 0, or -ENOMEM, and then added nothing. */
int drop_table_add(struct drop_table *table, const struct drop_labels *labels, uint64_t count,
                   uint64_t segments);

/* Takes the name of another namespace away, and with it that of its device. */
void drop_labels_unname(struct drop_labels *labels);

/* Adds all of another table and ends it. Each site gets the labels that `relabel` makes of its own; NULL
 * changes none. If memory runs out, a site counts in its `other` row. */
void drop_table_merge(struct drop_table *table, struct drop_table *from,
                      void (*relabel)(struct drop_labels *labels, void *data), void *data);

/* Looks which sites' devices are gone. */
void drop_table_sweep(struct drop_table *table, bool (*exists)(const char *device, void *data), void *data);
