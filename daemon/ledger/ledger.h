/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The ledger: every lost packet in one row. Drop sites give drops by cause; a counter of loss adds what no
 * site explains (base/table/ledger_rule.h says how each counter relates to the sites). All numbers are since
 * the program began.
 *
 * The reading rule: a counter is compared with drops that were read after it, and its base with drops that
 * were read before it. So what a site explains never becomes unexplained, however fast packets are dropped
 * during the reading; the unexplained part lags by the drops in between, and is exact once they pause. It is
 * the smaller of two successive rounds, because a packet may be between the counter and its site, and it
 * never decreases. If no drop sites are counted, all that counters show is unexplained. Nothing else is ever
 * subtracted: a source that hangs or fails delays nobody, and what depends on it stands still.
 *
 * Each reader brings it up to date first. Any thread. One lock, which is held for well under a millisecond at
 * 1,000 devices, and never while waiting for the kernel.
 */

#include <stdint.h>

#include "base/limits.h"
#include "base/table/snapshot.h"
#include "daemon/ledger/ledger_rows.h"
#include "daemon/run/registry.h"

enum {
    LEDGER_LOST_MAX = 500,    /* rows of what was lost */
    LEDGER_REFUSED_MAX = 200, /* and of what was refused */
};

struct ledger;

/* `explaining` has a bit for each slot with drop sites, `counting` one for each slot whose counters of loss
 * belong to a complete ledger. Borrows the other arguments. Returns 0 or -ENOMEM. */
int ledger_new(const struct registry *registry, uint64_t explaining, uint64_t counting, struct limits *limits,
               struct ledger **ret_ledger);
struct ledger *ledger_free(struct ledger *ledger); /* accepts NULL, returns NULL */

/* What the rows had counted at one moment. Rows keep their place; new ones follow the others of their kind.
 * */
struct ledger_entry {
    struct ledger_key key;
    uint64_t count; /* packets since the ledger began */
};

struct ledger_reading {
    uint64_t read_ns; /* CLOCK_BOOTTIME: no earlier drop is missing; 0 if nothing was read yet */
    size_t lost;      /* the number of entries about lost packets; the others are about refused ones */
    size_t count;     /* of entries */
    size_t capacity;  /* of entries, kept from one reading to the next */
    struct ledger_entry *items; /* freed by the caller */
};

/* Brings the ledger up to date and copies its rows. Returns 0, or -ENOMEM, and then the rest is taken in next
 * time. `now_ns` is CLOCK_BOOTTIME. */
int ledger_read(struct ledger *ledger, uint64_t now_ns, struct ledger_reading *reading);

/* Brings the ledger up to date and adds its tables to the draft, if the request wants the collectors that
 * they come from. Returns 0 or -ENOMEM. */
int ledger_fill(struct ledger *ledger, uint64_t collectors, uint64_t now_ns, struct snapshot *draft);
