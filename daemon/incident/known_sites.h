/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The causes of drop sites, by reason, function and class. To find one takes a comparison with some 550
 * entries, and each report asks for all sites that count. So what was found is remembered. Under the lock of
 * the incidents.
 */

#include "collectors/meaning/drop_cause.h"
#include "daemon/trend/trend.h"

enum { KNOWN_SITES = 64 };

/* Many sites, each of another device, have one in common. */
struct known_site {
    char reason[64], function[64];
    enum loss_class loss_class;
    enum drop_cause cause;
};

struct known_sites {
    struct known_site items[KNOWN_SITES]; /* by hash; a new one takes the place of another */
};

/* Finds the site of the counter, which has a meaning: that of its class. Valid until the next call. */
const struct known_site *known_sites_find(struct known_sites *sites, const struct trend_counter *counter);
