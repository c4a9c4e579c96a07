/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The collector of losses in other network namespaces, by workload: containers, and services with a network
 * of their own. */

#include "collectors/collector.h"

extern const struct collector netns_collector;
