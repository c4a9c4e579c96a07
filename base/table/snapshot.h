/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * A snapshot: a short list of tables, what one collection gave. Filled by one collector's thread, immutable
 * once published; any thread may then hold it by reference.
 */

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/table/table.h"

enum { SNAPSHOT_TABLES_MAX = 8 };

struct snapshot {
    _Atomic unsigned references;
    uint64_t published_ns; /* CLOCK_BOOTTIME, by registry_publish(): what rates are made with */
    size_t table_count;
    struct table tables[SNAPSHOT_TABLES_MAX];
};

struct snapshot *snapshot_new(void); /* one reference; NULL: out of memory */
struct snapshot *snapshot_ref(struct snapshot *snapshot);
struct snapshot *snapshot_unref(struct snapshot *snapshot); /* accepts NULL, returns NULL */

/* Makes a draft of it again: drops tables and their sets, keeps the memory of the cells. */
void snapshot_clear(struct snapshot *snapshot);

/* Adds a table with every cell absent and takes references of both sets. The row set is sealed. Family names
 * are unique to a table, by the collector's prefix: the encoder never merges. NULL: out of memory. */
struct table *snapshot_add_table(struct snapshot *snapshot, struct column_set *columns, struct row_set *rows);

/* How many cells are there. */
uint64_t snapshot_series(const struct snapshot *snapshot);
