/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The columns of netdrop_qdisc_*: names, help, and what drops mean. Constant data. */

#include "base/table/table.h"
#include "collectors/qdisc/qdisc_parse.h"

extern const struct metric qdisc_metrics[QDISC_VALUE_COUNT];
