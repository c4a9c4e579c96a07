/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The columns of netdrop_softnet_*: names, help, and what a loss means. Constant data. */

#include "base/table/table.h"
#include "collectors/softnet/softnet_parse.h"

/* Behind the counters. */
enum { SOFTNET_COLUMN_BACKLOG_LIMIT = SOFTNET_SHOWN_COUNT, SOFTNET_COLUMN_BUDGET, SOFTNET_COLUMN_COUNT };

extern const struct metric softnet_metrics[SOFTNET_COLUMN_COUNT];
extern const struct metric softnet_cpu_metrics[SOFTNET_SHOWN_COUNT]; /* of each CPU, which the sum tells of */
