/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The incidents: who knows what is lost now, since when and by what, from the ledger's rows and what counters
 * add to them, and which of them is told first. One for the whole program: page, report, log and status line
 * ask it. Any thread; one lock, in which nothing waits for the kernel.
 */

#include <stdint.h>

#include "base/host_network.h"
#include "daemon/incident/loss_report.h"
#include "daemon/ledger/ledger.h"
#include "daemon/run/registry.h"
#include "daemon/trend/trend.h"

struct incidents;

/* Borrows all three. `now_ns` is CLOCK_BOOTTIME: from here on it looks. Returns 0 or -ENOMEM. */
int incidents_new(const struct registry *registry, struct ledger *ledger, struct trend *trend,
                  enum host_network host_network, uint64_t now_ns, struct incidents **ret_incidents);
struct incidents *incidents_free(struct incidents *incidents); /* accepts NULL, returns NULL */

/* Takes in what was published since the last time, the trends do so too, and reports; the caller frees it.
 * Returns NULL if there is no memory. */
struct loss_report *incidents_report(struct incidents *incidents, uint64_t now_ns);
/* Does the same; what is called recent is of the last `recent_ns`, five minutes at most. */
struct loss_report *incidents_report_of(struct incidents *incidents, uint64_t recent_ns, uint64_t now_ns);
