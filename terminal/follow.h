/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Follows records: first those that the daemon holds, then new ones, until there are enough. --watch --plain
 * and --capture share it. Main thread.
 */

#include "terminal/daemon_client.h"
#include "terminal/filter.h"

#define FOLLOW_WITHOUT_END UINT64_MAX

struct follow {
    struct daemon_client client;
    const struct filter *filter; /* borrowed */
    uint64_t for_ns;             /* FOLLOW_WITHOUT_END until a signal; 0 for what is held, and no more */
    uint64_t count;              /* of records that pass the filter; FOLLOW_WITHOUT_END */
    bool own;                    /* a daemon that we have started: nobody starts it again */
    int ending;                  /* see ending.h */
    int out;                     /* what is made of them goes there; whose reader may go */

    /* Appends what is made of a record that passes. -errno ends all. */
    int (*record)(void *context, const struct records *records, const struct record *record,
                  struct buffer *text);
    void *context;
    struct buffer text; /* that is to be written yet; what is there at first, before all else */

    /* What was seen. */
    uint64_t passed;  /* records */
    uint64_t dropped; /* packets, at all sites, since it began */
};

/* Follows until there is enough. Returns 0 then, and after a signal; -EPIPE if nobody reads any more; else
 * -errno, and standard error says why. Waits for a daemon that answered once, of which standard error tells,
 * too. Releases the text. */
int follow_run(struct follow *follow);

/* The exit status of that: who reads no more has had enough. */
int follow_status(int error);
