/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The collector of link statistics: netdrop_link_*. */

#include "collectors/collector.h"

extern const struct collector link_collector;
