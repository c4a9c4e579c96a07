/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The connection tracking table: how full it is, and what it lost. */

#include "collectors/collector.h"

extern const struct collector conntrack_collector;
