/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Sums the queueing disciplines of the queues of a multiqueue device (below mq, mqprio or taprio) by kind: a
 * NIC with 128 queues has 128 of them, which mostly say the same. A queue's discipline comes and goes, and
 * starts at 0 when it is made again; the sums are those of part_sum.h, which do not decrease then. Pure.
 */

#include <stddef.h>

#include "base/part_sum.h"
#include "collectors/qdisc/qdisc_parse.h"

/* Values before it are counters, it and those behind it gauges. */
#define QDISC_COUNTERS QDISC_BACKLOG_BYTES

/* The discipline of one queue. Those of one device, root and kind are a group. */
struct qdisc_part {
    int ifindex;
    uint32_t root; /* the handle of the root that it is below */
    char kind[IFNAMSIZ];
    uint32_t parent; /* the root's class, one for each queue */

    bool there;
    size_t entry;            /* the owner's: which of the qdiscs it is */
    uint32_t row;            /* the owner's: of the group */
    const struct qdisc *now; /* what it says at this collection; NULL if it is gone */
    struct sum_part sums[QDISC_COUNTERS];
};

struct qdisc_sums {
    struct qdisc_part *parts; /* sorted by group after qdisc_sums_end() */
    size_t count;
    size_t capacity;
    size_t sorted; /* so many are sorted; new ones follow */
};

void qdisc_sums_done(struct qdisc_sums *sums);

/* Returns true for the kinds of roots that have a class for each queue. */
bool qdisc_has_queues(const struct qdisc *root);

/* List the present parts: begin, add each, end. A part that is gone is kept as long as its group has a
 * present one. A part that is added twice counts once. Adding returns 0 or -ENOMEM. */
void qdisc_sums_begin(struct qdisc_sums *sums);
int qdisc_sums_add(struct qdisc_sums *sums, const struct qdisc *leaf, uint32_t root, size_t entry);
void qdisc_sums_end(struct qdisc_sums *sums);

/* Returns the end of the group that begins with this part. */
size_t qdisc_sums_group(const struct qdisc_sums *sums, size_t begin);

/* Sums a value over a group. Each present part must have its `now`. Returns false if no part has the value.
 */
bool qdisc_sums_take(struct qdisc_sums *sums, size_t begin, size_t end, enum qdisc_value value,
                     uint64_t *ret_sum);
