/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Knows what is lost now, since when and why, from the ledger's rows and from what counters add to them, and
 * which incident is shown first. There is one for the whole program; page, report, log and status line ask
 * it. Any thread; one lock, under which nothing waits for the kernel.
 */

#include <stdint.h>

#include "base/host_network.h"
#include "daemon/incident/loss_report.h"
#include "daemon/ledger/ledger.h"
#include "daemon/run/registry.h"
#include "daemon/trend/trend.h"

struct incidents;

/* Borrows registry, ledger and trends. It watches losses from `now_ns` (CLOCK_BOOTTIME) on. Returns 0 or
 * -ENOMEM. */
int incidents_new(const struct registry *registry, struct ledger *ledger, struct trend *trend,
                  enum host_network host_network, uint64_t now_ns, struct incidents **ret_incidents);
struct incidents *incidents_free(struct incidents *incidents); /* accepts NULL, returns NULL */

/* Takes in what was published since the last call, as the trends do, and returns a report, which the caller
 * frees. Returns NULL if memory runs out. */
struct loss_report *incidents_report(struct incidents *incidents, uint64_t now_ns);
/* Does the same. Recent packets are those of the last `recent_ns`, at most five minutes. */
struct loss_report *incidents_report_of(struct incidents *incidents, uint64_t recent_ns, uint64_t now_ns);
