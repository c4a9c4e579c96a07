/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The collector of drop sites: where in the kernel packets are dropped, and why. */

#include "collectors/collector.h"

extern const struct collector drop_monitor_collector;
