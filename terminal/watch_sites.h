/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What the live view knows: each site with its rate and its last packets, from one answer of the daemon to
 * the next, and the order in which sites are shown. Pure; main thread.
 */

#include "terminal/filter.h"
#include "terminal/records.h"

enum { WATCH_RECENT = 8 };

enum watch_order { WATCH_BY_RATE, WATCH_BY_TOTAL, WATCH_BY_LATEST, WATCH_BY_NAME, WATCH_ORDERS };

struct watch_site {
    struct record_site site;
    double rate; /* packets a second over the last few seconds; negative if not known yet */
    struct record recent[WATCH_RECENT]; /* the newest first */
    size_t recent_count;
};

struct watch_sites {
    struct watch_site **items; /* by id */
    size_t count, capacity;
    struct watch_site **shown; /* those that are shown, in order */
    size_t shown_count, shown_capacity;
    uint64_t looked_ns; /* CLOCK_BOOTTIME of the last update; 0 if there was none */
};

void watch_sites_done(struct watch_sites *sites);

/* Forgets everything, because another daemon answers. */
void watch_sites_forget(struct watch_sites *sites);

/* Takes in the newest answer, and takes the records out of it. If there is no room, keeps those that pass
 * the filter. Returns 0, or -ENOMEM, and then only packets are lost. */
int watch_sites_update(struct watch_sites *sites, struct records *records, const struct filter *filter,
                       uint64_t now_ns);

/* Makes `shown`: all sites, or with a filter those that have a packet that passes it. */
void watch_sites_arrange(struct watch_sites *sites, enum watch_order order, const struct filter *filter);

/* Returns the sum of all rates; negative if not known yet. */
double watch_sites_rate(const struct watch_sites *sites);

/* Returns the next of the last packets from *index on that passes the filter, or NULL if there are no
 * more. */
const struct record *watch_site_packet(const struct watch_site *site, const struct filter *filter,
                                       size_t *index);

/* Returns "rate", "total", ... */
const char *watch_order_name(enum watch_order order);
