/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Carries a driver's statistics over when its strings change: each that is still there keeps its past, and
 * those that are gone stay if they are part of a sum (base/part_sum.h says why). Pure; allocates. Called by
 * the ethtool collector's thread when a device's strings were read.
 */

#include "collectors/ethtool/ethtool_select.h"

enum { ETHTOOL_GONE_MAX = 32768 }; /* statistics of one device that are gone and kept */

/* Takes the past of `before` into `selected`: both as ethtool_select() or this left them. Statistics that are
 * gone are then among the others, in their place. *ret_cut: some were too many and are not kept. Returns 0 or
 * -ENOMEM. */
int ethtool_inherit(struct ethtool_selected *selected, const struct ethtool_selected *before, bool *ret_cut);
