/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The rows of the ledger: what was lost or refused, by stage, direction, device and cause. Their number is
 * bounded and their counts never decrease. A loss without room counts in a row of cause "other" with its
 * stage, direction and class, so that sums stay complete. Pure memory, under the lock of the ledger.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/limits.h"
#include "base/table/meaning.h"
#include "daemon/ledger/ledger_names.h"

enum { LEDGER_DEVICE_SIZE = 48 };

struct ledger_key {
    enum stage stage;
    enum direction direction;
    enum loss_class loss_class;
    char device[LEDGER_DEVICE_SIZE]; /* "" if not a device of our own namespace */
    char cause[LEDGER_NAME_SIZE];
};

struct ledger_row {
    struct ledger_key key;
    uint64_t count;
};

struct ledger_rows {
    struct ledger_row *items;
    size_t count;
    size_t capacity;
    size_t max; /* limit for rows whose cause is not "other" */
    size_t others;
    struct hash_index index;
    struct limits *limits; /* borrowed */
};

/* Makes a key. Bytes after its texts are 0, because keys are compared as a whole. */
struct ledger_key ledger_key(enum stage stage, enum direction direction, enum loss_class loss_class,
                             const char *device, const char *cause);

/* Returns what the label "direction" of a row says, or NONE if it has no such label or another value. */
enum direction ledger_direction(const struct row_set *rows, size_t row);

/* Returns the row of a key, or the "other" row that takes its place, or -ENOMEM. */
int ledger_rows_find(struct ledger_rows *rows, const struct ledger_key *key);
void ledger_rows_done(struct ledger_rows *rows); /* accepts a zeroed struct */
