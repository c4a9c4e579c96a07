/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Reads the recorder's memory (bpf/drop_record.h) while the kernel writes it: copies of sites and records,
 * each of which is whole. Stops nobody who writes, needs no capability and makes no system call. Any thread.
 */

#include <stdbool.h>
#include <stddef.h>

#include "collectors/drops/bpf/drop_record.h"

/* Zeroed: nothing is recorded. Borrowed memory. */
struct drop_recorder {
    const struct drop_recorder_site *sites;
    const struct drop_record *records;      /* DROP_RECORDS_PER_SITE of each */
    const struct drop_record_stack *stacks; /* beside each; NULL if there are none */
    size_t count;                           /* of sites for which there is room */
    size_t used; /* of places that have, or had, a site; only these are in memory */
};

/* Reads the site that has this place. Returns false if none has it or it is just being given away; if the
 * generation is 0 then, no place behind it has a site either. */
bool drop_recorder_site(const struct drop_recorder *recorder, size_t place,
                        struct drop_recorder_site *ret_site);

/* Reads a record of the site that was read there. Returns false if there is none in this slot, or if it is
 * written again and again meanwhile. Fills `stack` if there are stacks. */
bool drop_recorder_record(const struct drop_recorder *recorder, size_t place, unsigned slot,
                          const struct drop_recorder_site *site, struct drop_record *ret_record,
                          struct drop_record_stack *ret_stack);
