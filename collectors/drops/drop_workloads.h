/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The table of drops by workload, which is bounded: what a row is, how many drops it has, and what happens
 * if there are more workloads than room. Pure memory, one thread.
 *
 * All rows, and what evicted rows had counted, add up to all drops. If the table is full, the rows of
 * workloads whose control group is gone are evicted, those that moved least recently first. If none is gone,
 * the drop counts in a row of its class that is named `other`.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/limits.h"
#include "collectors/drops/drop_table.h"
#include "collectors/kernel/workload.h"

struct drop_workload_labels {
    struct workload who;
    enum loss_class loss_class;
    char reason[DROP_REASON_SIZE]; /* these two only in detail */
    enum drop_netns netns;
};

struct drop_workload {
    struct drop_workload_labels labels;
    char *cgroup; /* the part of the path that `who` stands for; owned */
    uint64_t count;
    uint64_t moved_ns; /* time of its last drop */
    uint64_t hash;
    bool gone; /* its control group is gone */
};

/* Drops that are in no row of a workload. */
enum drop_unowned {
    DROP_UNOWNED_NONE,    /* there is no owner */
    DROP_UNOWNED_UNKNOWN, /* the kernel does not tell whose they are */
    DROP_UNOWNED_OTHER,   /* there was no room for the owner, here or in the kernel's map */
    DROP_UNOWNED_COUNT
};

/* Returns true if a control group is still there. */
typedef bool drop_workload_exists(const char *cgroup, void *data);

struct drop_workloads {
    struct drop_workload *items;
    size_t count;
    size_t capacity;
    size_t max;
    struct hash_index index; /* the items by their labels */
    bool detail;             /* rows have a reason and a namespace */
    uint64_t generation;     /* moves when a row comes or goes */
    uint64_t now_ns;         /* CLOCK_BOOTTIME; set by the owner before each round of adding */
    uint64_t sweep_ns;       /* no search for gone workloads before */
    uint64_t look_ns;        /* when to look next which control groups are gone */
    uint64_t unowned[DROP_UNOWNED_COUNT][LOSS_CLASS_COUNT];
    uint64_t forgotten[LOSS_CLASS_COUNT]; /* of evicted rows */
    struct limits *limits;                /* borrowed */
    drop_workload_exists *exists;         /* NULL if nobody can tell, and then no row is evicted */
    void *exists_data;
};

/* Returns 0 or -ENOMEM. */
int drop_workloads_init(struct drop_workloads *ret_workloads, size_t max, bool detail, struct limits *limits);
void drop_workloads_done(struct drop_workloads *workloads); /* accepts a zeroed struct */

/* Adds to the row of these labels, or to the row that takes its place, also if memory runs out. `path` is
 * that of the control group. */
void drop_workloads_add(struct drop_workloads *workloads, const struct drop_workload_labels *labels,
                        const char *path, uint64_t count);
void drop_workloads_add_unowned(struct drop_workloads *workloads, enum drop_unowned unowned,
                                enum loss_class loss_class, uint64_t count);

/* Returns how many rows cannot be evicted. If more than half of all rows are taken, this checks now and then
 * which control groups are gone; a row counts until its group is known to be gone. */
size_t drop_workloads_staying(struct drop_workloads *workloads);

/* Adds all of another table and frees that. */
void drop_workloads_merge(struct drop_workloads *workloads, struct drop_workloads *from);
