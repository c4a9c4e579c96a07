/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The collector of what NICs and their drivers say: driver statistics, loss by cause, rings, speed, driver.
 * */

#include "collectors/collector.h"

extern const struct collector ethtool_collector;
