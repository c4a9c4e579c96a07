/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Queueing disciplines: netdrop_qdisc_*. */

#include "collectors/collector.h"

extern const struct collector qdisc_collector;
