/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The table of connection tracking: how full it is, and what it lost. */

#include "collectors/collector.h"

extern const struct collector conntrack_collector;
