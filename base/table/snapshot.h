/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * A snapshot: the short list of tables that one collection made. The thread of its collector fills it; once
 * published it is immutable, and any thread may hold it by reference.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/table/table.h"

enum { SNAPSHOT_TABLES_MAX = 16 };

/* What a collection gives beside numbers, to who knows that collector: any object that begins with this.
 * Immutable once the snapshot is published. */
struct attachment {
    _Atomic unsigned references;
    void (*free)(struct attachment *attachment);
};

void attachment_unref(struct attachment *attachment);

struct snapshot {
    _Atomic unsigned references;
    uint64_t began_ns; /* CLOCK_BOOTTIME, set by registry_publish(): its numbers were not read before this */
    uint64_t published_ns;     /* and not after this; rates use it */
    uint64_t counted_since_ns; /* CLOCK_BOOTTIME at which all its counts were 0. If 0: no later than the first
                                  attempt of the collector in this process */
    bool attach; /* set before it is filled: somebody asks for what the collector attaches, where it does */
    struct attachment *attachment; /* NULL if none */
    uint64_t limited;              /* see snapshot_limit(); both 0 if nothing is limited */
    uint64_t limit;
    size_t table_count;
    struct table tables[SNAPSHOT_TABLES_MAX];
};

struct snapshot *snapshot_new(void); /* one reference; returns NULL if memory runs out */
struct snapshot *snapshot_ref(struct snapshot *snapshot);
struct snapshot *snapshot_unref(struct snapshot *snapshot); /* accepts NULL, returns NULL */

/* Empties it for the next collection: releases tables, their sets and the attachment, and keeps the memory of
 * the cells. */
void snapshot_clear(struct snapshot *snapshot);

/* Adds a table with every cell absent, and takes references to both sets. The row set must be sealed. Family
 * names must be unique to a table, by the collector's prefix, for the encoder never merges. Returns NULL if
 * memory runs out. */
struct table *snapshot_add_table(struct snapshot *snapshot, struct column_set *columns, struct row_set *rows);

/* Attaches an object and takes a reference to it. The snapshot has no attachment yet. */
void snapshot_attach(struct snapshot *snapshot, struct attachment *attachment);

/* Tells of what a key of the configuration limits (rows, or what makes rows): how many there are that do not
 * give way to new ones, and how many there may be. Of several such limits the nearest is kept. */
void snapshot_limit(struct snapshot *snapshot, uint64_t rows, uint64_t limit);

/* Returns the number of series: present cells, and for a histogram each bucket, the sum and the count. */
uint64_t snapshot_series(const struct snapshot *snapshot);
