/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Makes a few drops of our own, to see whether they are counted: datagrams to a closed port on the loopback
 * device of a network namespace made for them, which ends with the process that sent them. No packet of
 * anybody else is touched.
 */

#include <stdint.h>

#include "base/fault.h"

/* Fewer than a running exporter reports (loss.onset_packets). */
enum { OWN_DROP_COUNT = 50 };

/* Makes the drops, in two seconds at most. Returns 0, or a negative errno with the fault if this process may
 * not. Call it before there is another thread. */
int own_drop_make(struct fault *fault);

enum own_drop_verdict {
    OWN_DROP_SEEN,
    OWN_DROP_SEEN_IN_PART,
    OWN_DROP_NOT_SEEN,
};

/* Judges how many of our drops were seen. `lost` is how many drops of the whole host are known to have no
 * row. As many of ours may be missing, and one more. Pure. */
enum own_drop_verdict own_drop_judge(uint64_t seen, uint64_t lost);
