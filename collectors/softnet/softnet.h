/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The collector of the CPUs' input queues (the softnet backlog, between driver and protocols): what they took
 * and lost. */

#include "collectors/collector.h"

extern const struct collector softnet_collector;
