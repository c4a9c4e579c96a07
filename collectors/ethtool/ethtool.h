/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What NICs and their drivers say: private statistics, loss by cause, rings, speed, driver. */

#include "collectors/collector.h"

extern const struct collector ethtool_collector;
