/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What the CPUs' input queues took and lost: the softnet backlog, between driver and protocols. */

#include "collectors/collector.h"

extern const struct collector softnet_collector;
