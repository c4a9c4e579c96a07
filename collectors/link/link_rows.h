/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The rows of the link collector's four tables: links that pass the device filter, their info, the other ends
 * of veth devices among them, and how many of each kind did not pass. Made again only when links.generation
 * changes. The collector's own thread; no I/O.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/table/table.h"
#include "collectors/device_filter.h"
#include "collectors/kernel/link_table.h"

#define LINK_NO_ROW UINT32_MAX /* link->row of a link that is not shown */

struct link_excluded {
    char kind[LINK_KIND_SIZE];
    uint64_t devices;
};

struct link_rows {
    struct row_set *links;
    bool by_device;          /* `devices` is wanted; the owner sets it before the first update */
    struct row_set *devices; /* row i is the same link's as row i of `links`; NULL if not wanted */
    struct row_set *info;
    struct row_set *peers;
    struct row_set *excluded;
    struct link_excluded *excluded_kinds; /* one for each row of `excluded` */
    size_t excluded_count;
    size_t excluded_capacity;
    uint64_t generation; /* of the links; 0 if none yet */
};

/* Brings rows up to date and notes in each link which is its row. Returns 0, or -ENOMEM, and then changes
 * nothing and tries again at the next call. */
int link_rows_update(struct link_rows *rows, struct link_table *links, const struct device_filter *filter);
void link_rows_done(struct link_rows *rows); /* accepts a zeroed struct */
