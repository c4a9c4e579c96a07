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

/* Sites that differ only in their device share one. */
struct known_site {
    char reason[64], function[64];
    enum loss_class loss_class;
    enum drop_cause cause;
};

struct known_sites {
    struct known_site items[KNOWN_SITES]; /* by hash; a new one takes the place of another */
};

/* Returns the site of a counter of drop sites, whose meaning says the class. Valid until the next call. */
const struct known_site *known_sites_find(struct known_sites *sites, const struct trend_counter *counter);
