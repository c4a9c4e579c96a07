/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Numbers workloads, so that rows can be found by number. Equal workloads have one number, which they keep as
 * long as the owner says that it is in use. Bounded. Pure memory, one thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/limits.h"
#include "collectors/kernel/workload.h"

/* The number of "no workload", whose texts are all empty. */
#define WORKLOAD_NOBODY 0U

struct workload_table {
    struct workload **items; /* by number; NULL if free */
    size_t count;            /* of numbers, those that are free included */
    size_t capacity;
    size_t max;
    bool full; /* somebody got no number: workload_table_keep() may help */
    struct hash_index index;
    struct limits *limits; /* borrowed */
};

/* Makes an empty table with room for `max` numbers, nobody's included. Returns 0 or -ENOMEM. */
int workload_table_init(struct workload_table *table, size_t max, struct limits *limits);
void workload_table_done(struct workload_table *table); /* accepts a zeroed struct */

/*
 * Gives a workload its number. Bytes of its texts that are no UTF-8, which no unit has that systemd made,
 * count as '?': what looks alike is one workload. Returns 0, -ENOSPC if there is no room, or -ENOMEM.
 */
int workload_table_add(struct workload_table *table, const struct workload *workload, uint32_t *ret_number);

/* Does the same, but gives nobody's number if there is no room, which LIMIT_WORKLOADS counts. Returns 0 or
 * -ENOMEM. */
int workload_table_put(struct workload_table *table, const struct workload *workload, uint32_t *ret_number);

/* Returns the workload of a number that was given. */
const struct workload *workload_table_get(const struct workload_table *table, uint32_t number);

/* Frees the numbers for which `used`, an array of `count`, says false. */
void workload_table_keep(struct workload_table *table, const bool *used);
