/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Turns numbers into names: a source counts by addresses, interface indexes and control groups; here they get
 * the names that rows have, and the counts go into the tables of the book. One thread.
 *
 * Counts are also read before link notifications are taken in, so that drops get the name that their device
 * had when they happened.
 */

#include "collectors/device_filter.h"
#include "collectors/drops/drop_book.h"
#include "collectors/kernel/ksyms.h"
#include "collectors/kernel/link_table.h"

struct drop_naming {
    const struct device_filter *filter; /* borrowed */
    bool label_offset;
    struct link_table links; /* used if the source knows devices */
    uint64_t swept;          /* generation of the links that the sites were compared with */
    const char *cgroups;     /* where they are mounted; NULL if no place is known */
    struct ksyms ksyms;
    struct drop_book book;
    bool label_netns;
    int kept; /* where the book is kept; -1: nowhere */
};

/* Makes the book. The owner sets the other members. Returns 0 or -ENOMEM. */
int drop_naming_init(struct drop_naming *naming, const struct drop_bounds *bounds, struct limits *limits);

/* Takes in notifications about links, and finds rows whose devices are gone. */
int drop_naming_follow(struct drop_naming *naming, struct fault *fault);

/* Notes that a place needs a name, which ksyms_resolve() finds. `hint` is the source's name for it, which
 * may be cut, or NULL. Returns 0 or -ENOMEM. */
int drop_naming_want(struct drop_naming *naming, uint64_t location, const char *hint);

/* Puts all new counts into the tables. What fails for lack of memory is retried next time. `wait` says that
 * notifications about links are still to be taken in: drops of unknown devices then stay until the next
 * call. */
int drop_naming_take(struct drop_naming *naming, bool wait, struct fault *fault);

/* Keeps the book for another process if there is something new. Call it before the book is shown. */
void drop_naming_keep(struct drop_naming *naming, struct fault *fault);
