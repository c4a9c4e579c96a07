/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The columns of netdrop_conntrack_*: names, help, and what losses mean. Constant data. */

#include "base/table/table.h"
#include "collectors/conntrack/conntrack_parse.h"

extern const struct metric conntrack_metrics[CONNTRACK_SHOWN_COUNT];
