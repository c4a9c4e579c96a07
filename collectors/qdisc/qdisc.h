/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The collector of queueing disciplines: netdrop_qdisc_*. It makes rows again only if the kernel's dump
 * lists other qdiscs than the last one, or if links changed (link_table.h); otherwise a collection allocates
 * nothing. The dump remembers its place as a number (net/sched/sch_api.c, tc_dump_qdisc()) and never sets
 * NLM_F_DUMP_INTR. So if devices go meanwhile, other qdiscs may be left out until the next collection, or
 * come twice.
 */

#include "collectors/collector.h"

extern const struct collector qdisc_collector;
