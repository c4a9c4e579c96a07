/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What has been counted, and how it goes on: the source, the sites, and what was read and is still to be
 * named. It outlives the settings that an instance of the collector is opened for: each instance leaves it in
 * the hand-over to the next one. So a reload makes no counter step back, and no drop is missed or counted
 * twice because of it. One thread.
 */

#include "collectors/drops/drop_open.h"
#include "collectors/drops/drop_source.h"
#include "collectors/drops/drop_table.h"

/* What was read and is still to be named. */
struct drop_pending {
    uint64_t location;
    uint64_t count;
    int ifindex;
    enum drop_netns netns;
    enum drop_protocol protocol;
    unsigned circumstances;
    char reason[DROP_REASON_SIZE];
};

struct drop_book {
    const struct drop_source *source;
    void *source_state; /* NULL: none was adopted yet */
    struct drop_table sites;
    struct drop_table before; /* what the last instance had counted: to be merged into `sites` */
    struct drop_pending *pending;
    size_t pending_count;
    size_t pending_capacity;
};

/* -ENOMEM */
int drop_book_init(struct drop_book *book, size_t max_sites, struct limits *limits);

/* Adopts what was opened, and goes on where the last instance left it. Takes over what it can of the
 * descriptors; the rest is the caller's to close. */
int drop_book_adopt(struct drop_book *book, struct handover *handover, struct drop_opened *opened,
                    const struct drop_options *options, struct fault *fault);

/* Leaves all in the hand-over, for the next instance or for handover_done(). What was left there before stays
 * where nothing was adopted. */
void drop_book_leave(struct drop_book *book, struct handover *handover);
