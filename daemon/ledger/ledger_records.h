/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Records of counters that have moved; most never do. They are numbered from 1 on; 0 means none. Under the
 * lock of the ledger. */

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include "base/array.h"

struct ledger_record {
    uint64_t base;      /* its value when it became known */
    uint64_t explained; /* the drops that explained it then */
    uint64_t last;      /* what was left last time; in a free record, the next free one */
    uint64_t counted;   /* the part of it that is counted */
};

struct ledger_records {
    struct ledger_record *items;
    size_t count; /* records that were ever in use */
    size_t capacity;
    uint32_t spare; /* the first free record */
};

/* Frees a record and sets *number to 0. */
static inline void ledger_record_free(struct ledger_records *records, uint32_t *number)
{
    if (!*number)
        return;
    records->items[*number - 1].last = records->spare;
    records->spare = *number;
    *number = 0;
}

/* Returns 0 or -ENOMEM. */
static inline int ledger_record_new(struct ledger_records *records, uint64_t base, uint64_t explained,
                                    uint32_t *number)
{
    uint32_t taken = records->spare;

    if (taken)
        records->spare = (uint32_t)records->items[taken - 1].last;
    else if (array_grow(records->items, records->count, records->capacity) < 0)
        return -ENOMEM;
    else
        taken = (uint32_t)++records->count;
    records->items[taken - 1] = (struct ledger_record){.base = base, .explained = explained};
    *number = taken;
    return 0;
}
