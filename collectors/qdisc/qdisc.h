/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Queueing disciplines: netdrop_qdisc_*. Rows are made again only when the kernel's dump lists other qdiscs
 * than the last, or link_table.h's generation has moved; else a collection allocates nothing. The dump holds
 * a place by number (net/sched/sch_api.c, tc_dump_qdisc()) and never says NLM_F_DUMP_INTR: where devices go
 * meanwhile, others may be left out until the next collection, or come twice.
 */

#include "collectors/collector.h"

extern const struct collector qdisc_collector;
